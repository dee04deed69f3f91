package alert

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// zabbixEvent is what a webhook media type sends, by the names of Zabbix's macros in lower case: {EVENT.ID} as event_id,
// {HOST.NAME} as host and so on. Zabbix sends every macro as text.
type zabbixEvent struct {
	EventID      loose           `json:"event_id"`
	EventID2     loose           `json:"eventid"`
	Value        loose           `json:"event_value"`
	Value2       loose           `json:"value"`
	Status       loose           `json:"status"`
	Update       loose           `json:"event_update_status"`
	Severity     loose           `json:"severity"`
	Severity2    loose           `json:"event_severity"`
	NSeverity    loose           `json:"event_nseverity"`
	Host         loose           `json:"host"`
	Host2        loose           `json:"host_name"`
	HostIP       loose           `json:"host_ip"`
	Trigger      loose           `json:"trigger"`
	Trigger2     loose           `json:"trigger_name"`
	Name         loose           `json:"event_name"`
	TriggerID    loose           `json:"trigger_id"`
	Description  loose           `json:"trigger_description"`
	Message      loose           `json:"message"`
	Item         loose           `json:"item"`
	ItemName     loose           `json:"item_name"`
	ItemKey      loose           `json:"item_key"`
	ItemValue    loose           `json:"item_value"`
	Threshold    loose           `json:"threshold"`
	Time         loose           `json:"event_time"`
	Date         loose           `json:"event_date"`
	Timestamp    loose           `json:"event_timestamp"`
	RecoveryTime loose           `json:"event_recovery_time"`
	RecoveryDate loose           `json:"event_recovery_date"`
	URL          loose           `json:"trigger_url"`
	Tags         json.RawMessage `json:"tags"`
	EventTags    json.RawMessage `json:"event_tags"`
}

func zabbix(body []byte, r Reading) ([]item, *fault.Error) {
	raws := []json.RawMessage{body}
	if b := bytes.TrimSpace(body); len(b) > 0 && b[0] == '[' {
		if f := decode(body, &raws); f != nil {
			return nil, f
		}
	}
	items := make([]item, len(raws))
	for i, raw := range raws {
		var e zabbixEvent
		if f := decode(raw, &e); f != nil {
			if len(raws) == 1 {
				return nil, f
			}
			items[i].fault = inside("", i, f)
			continue
		}
		items[i].signal, items[i].fault = e.signal(r)
	}
	return items, nil
}

// said is the first text that is there; a macro that Zabbix could not fill in is none.
func said(list ...loose) string {
	for _, l := range list {
		s := strings.TrimSpace(string(l))
		unfilled := strings.HasPrefix(s, "{") && strings.HasSuffix(s, "}") || strings.EqualFold(s, "*UNKNOWN*")
		if s != "" && !unfilled {
			return s
		}
	}
	return ""
}

func (e zabbixEvent) signal(r Reading) (g Signal, f *fault.Error) {
	switch strings.ToUpper(said(e.Value, e.Value2, e.Status)) {
	case "1", "TRUE", "PROBLEM":
	case "0", "FALSE", "OK", "RESOLVED":
		g.Resolved = true
	default:
		return g, unreadable("alert.status", text.Params{"label": "event_value"})
	}
	g.Object = said(e.Host, e.Host2, e.HostIP)
	trigger := said(e.Name, e.Trigger, e.Trigger2)
	g.Metric = said(e.ItemKey, e.ItemName, e.Item)
	if g.Metric == "" {
		g.Metric = trigger
	}
	g.Title, g.Description = trigger, said(e.Message, e.Description)
	g.Severity = severityOf(said(e.Severity, e.Severity2, e.NSeverity), r.Severities)
	g.Value, g.Threshold = number(said(e.ItemValue)), number(said(e.Threshold))
	g.Link = said(e.URL)
	if g.Labels, f = e.labels(); f != nil {
		return g, f
	}
	// A trigger is what is in trouble; every time it fires Zabbix makes a new event.
	if id := said(e.TriggerID); id != "" {
		g.Fingerprint = "trigger:" + id
	} else {
		g.Fingerprint = shorten("trigger:"+g.Object+"/"+trigger, maxFingerprint)
	}
	g.Group = g.Object
	return g, e.times(&g, r)
}

func (e zabbixEvent) times(g *Signal, r Reading) *fault.Error {
	moment := func(date, clock string) string { return strings.TrimSpace(date + " " + clock) }
	started := said(e.Timestamp)
	if started == "" {
		started = moment(said(e.Date), said(e.Time))
	}
	var ok bool
	if g.Started, ok = instant(started, r.Zone); !ok {
		return unreadable("alert.instant", text.Params{"label": "event_time"})
	}
	if g.Resolved {
		if g.Ended, ok = instant(moment(said(e.RecoveryDate), said(e.RecoveryTime)), r.Zone); !ok {
			return unreadable("alert.instant", text.Params{"label": "event_recovery_time"})
		}
	}
	return nil
}

// labels are the event's tags, which come as a list, as a list written as text, or as "name:value, name".
func (e zabbixEvent) labels() (map[string]string, *fault.Error) {
	labels := map[string]string{}
	if id := said(e.EventID, e.EventID2); id != "" {
		labels["event_id"] = id
	}
	raw := e.Tags
	if len(raw) == 0 {
		raw = e.EventTags
	}
	var plain string
	if json.Unmarshal(raw, &plain) == nil {
		if !strings.HasPrefix(strings.TrimSpace(plain), "[") {
			return plainTags(labels, plain), nil
		}
		raw = json.RawMessage(plain)
	}
	if len(raw) == 0 || string(raw) == "null" {
		return labels, nil
	}
	var tags []struct {
		Tag   loose `json:"tag"`
		Value loose `json:"value"`
	}
	if f := decode(raw, &tags); f != nil {
		return nil, unreadable("alert.shape", text.Params{"label": "tags", "wanted": forms["list"]})
	}
	for _, t := range tags {
		if name := strings.TrimSpace(string(t.Tag)); name != "" {
			labels[name] = string(t.Value)
		}
	}
	return labels, nil
}

func plainTags(labels map[string]string, list string) map[string]string {
	for part := range strings.SplitSeq(list, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), ":")
		if name != "" && !strings.HasPrefix(name, "{") {
			labels[name] = value
		}
	}
	return labels
}
