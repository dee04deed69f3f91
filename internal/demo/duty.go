package demo

import (
	"fmt"
	"net/url"
	"slices"
	"time"
)

// shiftHours are when the first line's day and night begin.
const (
	dayBegins   = 8*time.Hour + 30*time.Minute
	nightBegins = 20*time.Hour + 30*time.Minute
)

// duty is the first line's roster of this month and the next, the last change of shifts, what monitoring reports, and how
// somebody wants to be told.
func (p *play) duty() {
	change := lastChange(p.end.Add(-20 * time.Minute))
	p.steps = append(p.steps, step{change.Add(-40 * time.Minute), "duty roster", func() error { return p.roster(change) }})
	p.handOver(change)
	p.monitoring()
	p.steps = append(p.steps, step{p.end.Add(-5 * 24 * time.Hour), "preferences", func() error {
		_, err := p.send("chenli", "PUT", "/notifications/preferences", map[string]any{
			"quiet": map[string]any{"from": "22:30", "to": "07:00"}, "hold_until_service_hours": true, "digest": "daily", "digest_at": "09:00"})
		return err
	}})
}

// lastChange is the latest change of shifts that is not after an instant.
func lastChange(at time.Time) time.Time {
	at = at.In(home)
	midnight := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, home)
	for _, begins := range []time.Duration{nightBegins, dayBegins, nightBegins - 24*time.Hour} {
		if change := midnight.Add(begins); !change.After(at) {
			return change
		}
	}
	return midnight
}

func (p *play) roster(change time.Time) error {
	before := change.AddDate(0, 0, -1) // whoever leaves at the change came in another month perhaps
	first := time.Date(before.Year(), before.Month(), 1, 0, 0, 0, 0, home)
	last := time.Date(p.end.Year(), p.end.Month()+2, 0, 0, 0, 0, 0, home)
	var people []string
	for _, who := range teamOf("t_field").members {
		people = append(people, p.ids[who])
	}
	body, err := p.send("panwei", "POST", "/rosters/generate", map[string]any{
		"timezone": "Asia/Shanghai", "people": people, "start": first.Format(time.DateOnly), "end": last.Format(time.DateOnly),
		"day": map[string]any{"from": "08:30", "to": "20:30"}, "night": map[string]any{"from": "20:30", "to": "08:30"}})
	if err != nil {
		return err
	}
	body["rules"] = "1. 准时到岗并签到，电话保持畅通。\n2. 到岗先做每日检查，写进值班日志。\n3. 紧急事件 15 分钟内响应，处理不了马上升级。\n4. 交班前写清未结的单和静默的告警，接班人签收后才能离岗。"
	id, err := p.make("panwei", "/rosters", "id", map[string]any{"team": p.ids["t_field"], "name": "一线值班表", "body": body})
	if err != nil {
		return err
	}
	_, err = p.send("panwei", "POST", "/rosters/"+url.PathEscape(id)+"/publish", map[string]any{
		"accept": []string{"hours", "consecutive", "balance", "holiday"}, "note": "一线白班夜班轮换"})
	return err
}

// onDuty is who of the first line is on duty at an instant, as their login.
func (p *play) onDuty(at time.Time) (string, error) {
	answer, err := p.send("panwei", "GET", "/duty?team="+p.ids["t_field"]+"&at="+url.QueryEscape(stamp(at)), nil)
	if err != nil {
		return "", err
	}
	teams, _ := answer["items"].([]any)
	for _, t := range teams {
		team, _ := t.(map[string]any)
		people, _ := team["people"].([]any)
		for _, x := range people {
			who, _ := x.(map[string]any)
			members := teamOf("t_field").members
			if i := slices.IndexFunc(members, func(key string) bool { return p.ids[key] == who["id"] }); i >= 0 {
				return members[i], nil
			}
		}
	}
	return "", fmt.Errorf("nobody of the first line is on duty at %s", stamp(at))
}

// handOver: one leaves, the next comes, checks in and accepts.
func (p *play) handOver(change time.Time) {
	from, to, number := "", "", ""
	signed := map[string]any{"account": true}
	p.steps = append(p.steps, step{change.Add(-15 * time.Minute), "hands over", func() (err error) {
		if from, err = p.onDuty(change.Add(-time.Minute)); err != nil {
			return err
		}
		if to, err = p.onDuty(change); err != nil {
			return err
		}
		number, err = p.make(from, "/handovers", "number", map[string]any{"taker": p.ids[to], "given": signed,
			"system_state": "各系统运行正常；PACS 存储剩余空间偏低，已通知信息科。", "notes": "人民路店收银机下午可能再报修，备件在值班室。"})
		return err
	}}, step{change.Add(-4 * time.Minute), "checks in", func() error {
		_, err := p.send(to, "POST", "/duty-checkins", map[string]any{"reachable_at": personOf(to).phone})
		return err
	}}, step{change.Add(3 * time.Minute), "takes over", func() error {
		_, err := p.send(to, "POST", "/handovers/"+number+"/accept", map[string]any{"received": signed})
		return err
	}})
}

// watched is what the machine room's monitoring looks at, and whose it is.
var watched = []struct{ name, org, service, site, team string }{
	{"his-db-01", "hospital", "his", "room", "t_app"}, {"pacs-nas-02", "hospital", "pacs", "room", "t_app"},
	{"core-sw-01", "bank", "backbone", "dc1", "t_net"}, {"edc-ups-01", "school", "campus", "edc", "t_field"},
}

// monitoring is a source with a few alerts: one that opened an incident, some to look at, one that is over.
func (p *play) monitoring() {
	path := ""
	p.steps = append(p.steps, step{p.end.Add(-4 * time.Hour), "alert source", func() error {
		for _, o := range watched {
			if _, err := p.send("panwei", "POST", "/alert-objects", map[string]any{
				"name": o.name, "customer": p.ids[o.org], "service": p.ids[o.service], "site": p.ids[o.site], "team": p.ids[o.team]}); err != nil {
				return err
			}
		}
		made, err := p.send("panwei", "POST", "/alert-sources", map[string]any{"name": "机房监控", "kind": "alertmanager"})
		if err != nil {
			return err
		}
		path, _ = made["path"].(string)
		return nil
	}})
	report := func(before time.Duration, object, name, severity, summary string, over bool) {
		at := p.end.Add(-before)
		p.steps = append(p.steps, step{at, "alert: " + summary, func() error {
			status, ends := "firing", "0001-01-01T00:00:00Z"
			began := at.Add(-40 * time.Second)
			if over {
				status, ends, began = "resolved", stamp(at), p.end.Add(-3*time.Hour)
			}
			labels := map[string]any{"alertname": name, "instance": object, "severity": severity, "job": "node"}
			_, err := p.send("", "POST", path[len("/api/v1"):], map[string]any{
				"version": "4", "groupKey": name, "status": status, "receiver": "steward", "groupLabels": map[string]any{}, "commonLabels": map[string]any{},
				"commonAnnotations": map[string]any{}, "externalURL": "http://monitor.example.com",
				"alerts": []any{map[string]any{"status": status, "labels": labels, "annotations": map[string]any{"summary": summary}, "startsAt": stamp(began), "endsAt": ends,
					"fingerprint": object + "-" + name}}})
			return err
		}})
	}
	report(3*time.Hour, "edc-ups-01", "UpsOnBattery", "warning", "数据中心 UPS 转电池供电", false)
	report(170*time.Minute, "edc-ups-01", "UpsOnBattery", "warning", "数据中心 UPS 转电池供电", true)
	report(95*time.Minute, "pacs-nas-02", "DiskWillFill", "warning", "PACS 存储剩余空间不足 8%", false)
	report(50*time.Minute, "pacs-nas-02", "DiskWillFill", "warning", "PACS 存储剩余空间不足 8%", false)
	report(35*time.Minute, "his-db-01", "ReplicationLag", "critical", "HIS 数据库主备同步延迟超过 10 分钟", false)
	report(12*time.Minute, "backup-07", "BackupFailed", "warning", "夜间备份任务失败", false)
}
