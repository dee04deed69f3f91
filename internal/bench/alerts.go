package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/steward-ops/steward/internal/platform/db"
)

const (
	alertsKnown  = 400 // that come again and again
	alertsRate   = 2000
	alertClients = 8
)

// measureAlerts lets a monitoring system repeat open alerts, one a request and fifty a request, and between times counts
// each up in one bare transaction. Every alert that was answered must have been counted.
func measureAlerts(ctx context.Context, o *options, p *place, report *report) error {
	return underLoad(ctx, o, p, fmt.Sprintf("alerts-%s", p.dialect), "", alertClients, func(l *workload) error {
		for _, size := range []int{1, 50} {
			if err := l.alerts(ctx, size, report); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l *workload) alerts(ctx context.Context, size int, report *report) error {
	var payloads [][]byte
	for from := 0; from < alertsKnown; from += size {
		raw, err := alertPayload(from, size)
		if err != nil {
			return err
		}
		payloads = append(payloads, raw)
	}
	for _, raw := range payloads { // the first time opens them
		if err := l.wires[0].post(l.place.cast.AlertPath, raw); err != nil {
			return err
		}
	}
	before, err := l.count(ctx, alertsCounted)
	if err != nil {
		return err
	}
	stretch := l.place.o.stretch
	var rates, bares, ratios []float64
	sent, used := 0, 0.0
	for range l.place.o.slices {
		bare, err := l.run(ctx, stretch, l.countUp)
		if err != nil {
			return fmt.Errorf("bare: %w", err)
		}
		began, err := l.server.gauge(ctx, cpuGauge)
		if err != nil {
			return err
		}
		requests, err := l.run(ctx, stretch, func(_ context.Context, client int) error {
			return l.wires[client].post(l.place.cast.AlertPath, payloads[int(l.written.Add(1))%len(payloads)])
		})
		if err != nil {
			return err
		}
		ended, err := l.server.gauge(ctx, cpuGauge)
		if err != nil {
			return err
		}
		sent, used = sent+requests*size, used+ended-began
		rates, bares = append(rates, float64(requests*size)/stretch.Seconds()), append(bares, float64(bare)/stretch.Seconds())
		ratios = append(ratios, float64(requests*size)/float64(bare))
	}
	after, err := l.count(ctx, alertsCounted)
	if err != nil {
		return err
	}
	if after-before != sent {
		return fmt.Errorf("%d alerts were answered, %d are counted", sent, after-before)
	}
	rate, each := median(rates), time.Duration(used/float64(sent)*float64(time.Second))
	report.add(line{string(l.place.dialect), fmt.Sprintf("alerts taken in, %d a request, none lost", size), fmt.Sprintf("%.0f/s, %s each", rate, brief(each)),
		fmt.Sprintf("bare count %.0f/s", median(bares)), fmt.Sprintf("%.0f %%", 100*median(ratios)), "≥ 2,000/s", verdict(rate >= alertsRate)})
	return nil
}

const alertsCounted = `SELECT CAST(COALESCE(SUM(occurrences), 0) AS BIGINT) FROM alerts`

// countUp is what is least needed to note that an alert came again: one row, one transaction. It counts where nobody looks.
func (l *workload) countUp(ctx context.Context, client int) error {
	return l.inOneTransaction(ctx, func(tx db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO record_counters (series, value) VALUES ($1, 1) ON CONFLICT (series) DO UPDATE SET value = record_counters.value + 1`,
			fmt.Sprintf("bench-%d", client))
		return err
	})
}

// alertPayload is what Alertmanager sends for some alerts.
func alertPayload(from, n int) ([]byte, error) {
	var list []any
	for i := from; i < from+n; i++ {
		list = append(list, map[string]any{"status": "firing", "fingerprint": fmt.Sprintf("%016x", i), "startsAt": "2025-03-03T00:00:00.000Z", "endsAt": "0001-01-01T00:00:00Z",
			"labels":       map[string]any{"alertname": "HighLoad", "instance": fmt.Sprintf("node-%03d:9100", i), "job": "node", "severity": "warning", "env": "prod"},
			"annotations":  map[string]any{"summary": "load is high", "description": "load of the last five minutes", "value": "7.25"},
			"generatorURL": "http://prometheus:9090/graph?g0.expr=node_load5+%3E+5"})
	}
	return json.Marshal(map[string]any{"version": "4", "groupKey": "{}:{alertname=\"HighLoad\"}", "status": "firing", "receiver": "steward", "alerts": list})
}
