package alert

import (
	"context"
	"fmt"
	"strings"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// manage runs a change of what decides about alerts, and makes a new revision of it.
func (s *Service) manage(ctx context.Context, fn func(ctx context.Context, u *work.Unit) error) error {
	return s.door.Do(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		if err := everything(u); err != nil {
			return err
		}
		if err := fn(ctx, u); err != nil {
			return err
		}
		if _, err := u.Exec(ctx, `UPDATE alert_revision SET n = n + 1 WHERE id = 1`); err != nil {
			return fmt.Errorf("new revision of the rules: %w", err)
		}
		return u.Announce(ctx, work.Notice{Keys: []string{"alert-setup"}, Staff: true})
	})
}

// looking reads what decides about alerts.
func (s *Service) looking(ctx context.Context, fn func(ctx context.Context, u *work.Unit) error) error {
	return s.door.Read(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		if err := everything(u); err != nil {
			return err
		}
		return fn(ctx, u)
	})
}

// changed wants the version that the actor saw.
func changed(seen, version int64) error {
	if seen != 0 && seen != version {
		return fault.New(fault.Stale, "stale", nil)
	}
	return nil
}

func recordChange(ctx context.Context, u *work.Unit, id, kind, subject, name string, first bool, data any) error {
	_, err := u.Record(ctx, work.Event{Stream: id, Kind: kind, Subject: subject, Number: name, First: first, Data: data})
	return err
}

// referred checks that what a setting points to is there, and belongs to the customer named.
func referred(ctx context.Context, u *work.Unit, customer, service, site, team string) error {
	var faults []fault.Field
	for _, r := range []struct{ name, kind, id string }{{"customer", "customer", customer}, {"service", "service", service}, {"site", "site", site}, {"team", "team", team}} {
		if r.id == "" {
			continue
		}
		_, owner, err := party.Refer(ctx, u, u.Actor, r.kind, r.id)
		switch {
		case fault.Is(err, fault.NotFound), err == nil && customer != "" && owner != "" && owner != customer:
			faults = append(faults, fault.Field{Name: r.name, Code: "field.missing", Params: text.Params{"label": named(r.name)}})
		case err != nil:
			return err
		}
	}
	if len(faults) > 0 {
		return fault.Fields(faults...)
	}
	return nil
}

func assign[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func trimmed(to *string, from *string) {
	if from != nil {
		*to = strings.TrimSpace(*from)
	}
}

func needed(name, value string) error {
	if value == "" {
		return fault.One(name, "field.required", text.Params{"label": named(name)})
	}
	return nil
}

// SourceFields are the details of a source that may be given and changed.
type SourceFields struct {
	Customer   *string    `json:"customer,omitempty" maxLength:"40"`
	Objects    *[]string  `json:"object_labels,omitempty" maxItems:"50" doc:"names of labels"`
	Severities *[]Word    `json:"severities,omitempty" maxItems:"100"`
	Mapping    *PartPaths `json:"mapping,omitempty"`
}

// SourceNew is what a source is made from. Its kind can never change.
type SourceNew struct {
	Name string `json:"name" minLength:"1" maxLength:"200"`
	Kind Kind   `json:"kind" enum:"alertmanager,grafana,zabbix,prometheus,generic" maxLength:"20"`
	SourceFields
}

// SourceChange changes what it names.
type SourceChange struct {
	Name     *string `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Disabled *bool   `json:"disabled,omitempty"`
	SourceFields
}

// SourceMade is a source with its token, which is never shown again.
type SourceMade struct {
	Source Source `json:"source"`
	Token  string `json:"token" doc:"part of the address to which it sends; shown only now"`
	Path   string `json:"path" doc:"where it sends to"`
}

const tokenPrefix = "sta_"

// Sources lists all sources.
func (s *Service) Sources(ctx context.Context) (items []*Source, err error) {
	err = s.looking(ctx, func(ctx context.Context, u *work.Unit) error {
		items, err = db.All(ctx, u, scanSource, "SELECT "+sourceColumns+" FROM alert_sources ORDER BY name, id")
		return err
	})
	return items, err
}

func readSource(ctx context.Context, u *work.Unit, id string) (*Source, error) {
	return db.One(ctx, u, scanSource, "SELECT "+sourceColumns+" FROM alert_sources WHERE id = $1"+db.ForUpdate(u), id)
}

// CreateSource adds a source and makes its token.
func (s *Service) CreateSource(ctx context.Context, in SourceNew) (made SourceMade, err error) {
	err = s.manage(ctx, func(ctx context.Context, u *work.Unit) error {
		v := &Source{ID: id.New(), Version: 1, Name: strings.TrimSpace(in.Name), Kind: in.Kind, CreatedAt: u.Now(), UpdatedAt: u.Now()}
		if err := v.apply(ctx, u, in.SourceFields); err != nil {
			return err
		}
		made = v.renew()
		_, err := u.Exec(ctx, `INSERT INTO alert_sources (`+sourceColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			v.ID, v.Version, v.Name, string(v.Kind), v.Disabled, v.hash, v.Prefix, v.Customer, db.JSON(v.SourceBody), clock.Millis(v.CreatedAt), clock.Millis(v.UpdatedAt))
		if err != nil {
			return fmt.Errorf("add source: %w", err)
		}
		return recordChange(ctx, u, v.ID, "alert_source.created", "alert_source", v.Name, true, map[string]any{"kind": v.Kind, "customer": v.Customer})
	})
	return made, err
}

// renew gives the source a new token; the old one is worth nothing from now on.
func (v *Source) renew() SourceMade {
	token := tokenPrefix + id.Secret(24)
	v.hash, v.Prefix = hashOf(token), token[:len(tokenPrefix)+6]
	return SourceMade{Source: *v, Token: token, Path: "/api/v1/intake/" + string(v.Kind) + "/" + token}
}

func (v *Source) apply(ctx context.Context, u *work.Unit, in SourceFields) error {
	trimmed(&v.Customer, in.Customer)
	assign(&v.Objects, in.Objects)
	assign(&v.Severities, in.Severities)
	assign(&v.Mapping, in.Mapping)
	v.fill()
	if err := needed("name", v.Name); err != nil {
		return err
	}
	for i, name := range v.Objects {
		if name == "" || len(name) > maxLabelName {
			return fault.One(fmt.Sprintf("object_labels[%d]", i), "field.length", text.Params{"label": named("label"), "max": maxLabelName})
		}
	}
	if _, faults := compileMapping(v.Mapping.all()); len(faults) > 0 {
		return fault.Fields(faults...)
	}
	return referred(ctx, u, v.Customer, "", "", "")
}

func (s *Service) saveSource(ctx context.Context, u *work.Unit, v *Source, kind string, data any) error {
	v.Version++
	v.UpdatedAt = u.Now()
	_, err := u.Exec(ctx, `UPDATE alert_sources SET version = $2, name = $3, disabled = $4, hash = $5, prefix = $6, customer = $7, body = $8, updated_at = $9 WHERE id = $1`,
		v.ID, v.Version, v.Name, v.Disabled, v.hash, v.Prefix, v.Customer, db.JSON(v.SourceBody), clock.Millis(v.UpdatedAt))
	if err != nil {
		return fmt.Errorf("save source: %w", err)
	}
	return recordChange(ctx, u, v.ID, kind, "alert_source", v.Name, false, data)
}

// changeable is a source that an administrator may change.
func changeable(ctx context.Context, u *work.Unit, id string, version int64) (*Source, error) {
	v, err := readSource(ctx, u, id)
	if err != nil {
		return nil, err
	}
	if v.Kind == ByAPI || v.Kind == Heartbeat {
		return nil, fault.New(fault.Conflict, "alert.built_in", nil)
	}
	return v, changed(version, v.Version)
}

// ChangeSource changes what in names.
func (s *Service) ChangeSource(ctx context.Context, id string, version int64, in SourceChange) (v *Source, err error) {
	err = s.manage(ctx, func(ctx context.Context, u *work.Unit) error {
		if v, err = changeable(ctx, u, id, version); err != nil {
			return err
		}
		trimmed(&v.Name, in.Name)
		assign(&v.Disabled, in.Disabled)
		if err := v.apply(ctx, u, in.SourceFields); err != nil {
			return err
		}
		return s.saveSource(ctx, u, v, "alert_source.changed", in)
	})
	return v, err
}

// RenewSource makes a new token for a source; the old one ends at once.
func (s *Service) RenewSource(ctx context.Context, id string) (made SourceMade, err error) {
	err = s.manage(ctx, func(ctx context.Context, u *work.Unit) error {
		v, err := changeable(ctx, u, id, 0)
		if err != nil {
			return err
		}
		made = v.renew()
		err = s.saveSource(ctx, u, v, "alert_source.renewed", nil)
		made.Source = *v
		return err
	})
	return made, err
}

// WindowNew is what a maintenance window is made from.
type WindowNew struct {
	Name  string `json:"name" minLength:"1" maxLength:"200"`
	From  string `json:"from" format:"date-time" maxLength:"40"`
	To    string `json:"to" format:"date-time" maxLength:"40"`
	Match string `json:"match" minLength:"1" maxLength:"2000" doc:"condition in CEL over alert, source and object; true = everything"`
}

// WindowChange changes what it names.
type WindowChange struct {
	Name  *string `json:"name,omitempty" minLength:"1" maxLength:"200"`
	From  *string `json:"from,omitempty" format:"date-time" maxLength:"40"`
	To    *string `json:"to,omitempty" format:"date-time" maxLength:"40"`
	Match *string `json:"match,omitempty" minLength:"1" maxLength:"2000"`
}

// Windows lists maintenance windows that end after an instant, by their beginning.
func (s *Service) Windows(ctx context.Context, past bool) (items []Window, err error) {
	err = s.looking(ctx, func(ctx context.Context, u *work.Unit) error {
		from := clock.Millis(u.Now())
		if past {
			from = 0
		}
		items, err = db.All(ctx, u, scanWindow, "SELECT "+windowColumns+" FROM alert_windows WHERE closes_at > $1 ORDER BY opens_at DESC, id LIMIT 500", from)
		return err
	})
	return items, err
}

// CreateWindow adds a maintenance window.
func (s *Service) CreateWindow(ctx context.Context, in WindowNew) (w Window, err error) {
	err = s.manage(ctx, func(ctx context.Context, u *work.Unit) error {
		w = Window{ID: id.New(), Version: 1, CreatedBy: u.Actor.ID, CreatedAt: u.Now(), UpdatedAt: u.Now()}
		if err := s.fillWindow(&w, WindowChange{Name: &in.Name, From: &in.From, To: &in.To, Match: &in.Match}); err != nil {
			return err
		}
		_, err := u.Exec(ctx, `INSERT INTO alert_windows (`+windowColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			w.ID, w.Version, w.Name, clock.Millis(w.From), clock.Millis(w.To), w.Match, w.CreatedBy, clock.Millis(w.CreatedAt), clock.Millis(w.UpdatedAt))
		if err != nil {
			return fmt.Errorf("add maintenance window: %w", err)
		}
		return recordChange(ctx, u, w.ID, "alert_window.created", "alert_window", w.Name, true, w)
	})
	return w, err
}

// ChangeWindow changes what in names.
func (s *Service) ChangeWindow(ctx context.Context, id string, version int64, in WindowChange) (w Window, err error) {
	err = s.manage(ctx, func(ctx context.Context, u *work.Unit) error {
		if w, err = db.One(ctx, u, scanWindow, "SELECT "+windowColumns+" FROM alert_windows WHERE id = $1"+db.ForUpdate(u), id); err != nil {
			return err
		}
		if err := changed(version, w.Version); err != nil {
			return err
		}
		if err := s.fillWindow(&w, in); err != nil {
			return err
		}
		w.Version, w.UpdatedAt = w.Version+1, u.Now()
		_, err := u.Exec(ctx, `UPDATE alert_windows SET version = $2, name = $3, opens_at = $4, closes_at = $5, matches = $6, updated_at = $7 WHERE id = $1`,
			w.ID, w.Version, w.Name, clock.Millis(w.From), clock.Millis(w.To), w.Match, clock.Millis(w.UpdatedAt))
		if err != nil {
			return fmt.Errorf("save maintenance window: %w", err)
		}
		return recordChange(ctx, u, w.ID, "alert_window.changed", "alert_window", w.Name, false, in)
	})
	return w, err
}

func (s *Service) fillWindow(w *Window, in WindowChange) error {
	trimmed(&w.Name, in.Name)
	trimmed(&w.Match, in.Match)
	for name, t := range map[string]struct {
		given *string
		set   func(string) bool
	}{
		"from": {in.From, func(v string) (ok bool) { w.From, ok = instant(v, s.zone); return ok }},
		"to":   {in.To, func(v string) (ok bool) { w.To, ok = instant(v, s.zone); return ok }},
	} {
		if t.given != nil && !t.set(*t.given) {
			return fault.One(name, "alert.instant", text.Params{"label": name})
		}
	}
	switch {
	case w.Name == "":
		return needed("name", "")
	case !w.To.After(w.From):
		return fault.One("to", "alert.window", nil)
	case w.Match == "":
		return fault.One("match", "alert.window_match", nil)
	}
	if _, err := compileCondition(w.Match); err != nil {
		return fault.One("match", "alert.cel", text.Params{"label": "match", "reason": err.Error()})
	}
	return nil
}

// ObjectFields are the details of a monitored object that may be given and changed.
type ObjectFields struct {
	Customer *string `json:"customer,omitempty" maxLength:"40"`
	Service  *string `json:"service,omitempty" maxLength:"40"`
	Site     *string `json:"site,omitempty" maxLength:"40"`
	Team     *string `json:"team,omitempty" maxLength:"40"`
	Note     *string `json:"note,omitempty" maxLength:"2000"`
}

// ObjectNew is what a monitored object is made from.
type ObjectNew struct {
	Name string `json:"name" minLength:"1" maxLength:"300"`
	ObjectFields
}

// ObjectChange changes what it names.
type ObjectChange struct {
	Name *string `json:"name,omitempty" minLength:"1" maxLength:"300"`
	ObjectFields
}

type namePlace struct {
	Name string `json:"n"`
}

// Objects lists monitored objects by name.
func (s *Service) Objects(ctx context.Context, q, customer, after string, limit int) (items []*Object, err error) {
	err = s.looking(ctx, func(ctx context.Context, u *work.Unit) error {
		w := db.NewWhere()
		w.Add("name > ?", after)
		if customer != "" {
			w.Eq("customer", customer)
		}
		if q = strings.ToLower(strings.TrimSpace(q)); q != "" {
			w.Add(`lower(name) LIKE ? ESCAPE '\'`, "%"+strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(q)+"%")
		}
		items, err = db.All(ctx, u, scanObject, "SELECT "+objectColumns+" FROM alert_objects WHERE "+w.SQL()+" ORDER BY name LIMIT "+w.Arg(limit), w.Args()...)
		return err
	})
	return items, err
}

func (o *Object) apply(ctx context.Context, u *work.Unit, in ObjectFields) error {
	trimmed(&o.Customer, in.Customer)
	trimmed(&o.Service, in.Service)
	trimmed(&o.Site, in.Site)
	trimmed(&o.Team, in.Team)
	trimmed(&o.Note, in.Note)
	if err := needed("name", o.Name); err != nil {
		return err
	}
	taken, err := db.Exists(ctx, u, `SELECT 1 FROM alert_objects WHERE name = $1 AND id <> $2`, o.Name, o.ID)
	if err != nil {
		return err
	}
	if taken {
		return fault.One("name", "field.unique", text.Params{"label": named("object")})
	}
	return referred(ctx, u, o.Customer, o.Service, o.Site, o.Team)
}

// CreateObject adds a monitored object.
func (s *Service) CreateObject(ctx context.Context, in ObjectNew) (o *Object, err error) {
	err = s.manage(ctx, func(ctx context.Context, u *work.Unit) error {
		o = &Object{ID: id.New(), Version: 1, Name: strings.TrimSpace(in.Name), CreatedAt: u.Now(), UpdatedAt: u.Now()}
		if err := o.apply(ctx, u, in.ObjectFields); err != nil {
			return err
		}
		_, err := u.Exec(ctx, `INSERT INTO alert_objects (`+objectColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			o.ID, o.Version, o.Name, o.Customer, o.Service, o.Site, o.Team, o.Note, clock.Millis(o.CreatedAt), clock.Millis(o.UpdatedAt))
		if err != nil {
			return fmt.Errorf("add monitored object: %w", err)
		}
		return recordChange(ctx, u, o.ID, "alert_object.created", "alert_object", o.Name, true, o)
	})
	return o, err
}

// ChangeObject changes what in names.
func (s *Service) ChangeObject(ctx context.Context, id string, version int64, in ObjectChange) (o *Object, err error) {
	err = s.manage(ctx, func(ctx context.Context, u *work.Unit) error {
		if o, err = db.One(ctx, u, scanObject, "SELECT "+objectColumns+" FROM alert_objects WHERE id = $1"+db.ForUpdate(u), id); err != nil {
			return err
		}
		if err := changed(version, o.Version); err != nil {
			return err
		}
		trimmed(&o.Name, in.Name)
		if err := o.apply(ctx, u, in.ObjectFields); err != nil {
			return err
		}
		o.Version, o.UpdatedAt = o.Version+1, u.Now()
		_, err := u.Exec(ctx, `UPDATE alert_objects SET version = $2, name = $3, customer = $4, service = $5, site = $6, team = $7, note = $8, updated_at = $9 WHERE id = $1`,
			o.ID, o.Version, o.Name, o.Customer, o.Service, o.Site, o.Team, o.Note, clock.Millis(o.UpdatedAt))
		if err != nil {
			return fmt.Errorf("save monitored object: %w", err)
		}
		return recordChange(ctx, u, o.ID, "alert_object.changed", "alert_object", o.Name, false, in)
	})
	return o, err
}

// MetricSave is a metric as it is saved.
type MetricSave struct {
	Zh    string `json:"zh" minLength:"1" maxLength:"60"`
	En    string `json:"en" minLength:"1" maxLength:"60"`
	Unit  string `json:"unit,omitempty" maxLength:"20"`
	Below bool   `json:"below,omitempty"`
}

// Metrics lists the metrics that may be named by API.
func (s *Service) Metrics(ctx context.Context) (items []Metric, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		items, err = db.All(ctx, u, scanMetric, "SELECT code, zh, en, unit, below FROM alert_metrics ORDER BY code")
		return err
	})
	return items, err
}

// SaveMetric adds a metric or changes one.
func (s *Service) SaveMetric(ctx context.Context, code string, in MetricSave) (m Metric, err error) {
	err = s.manage(ctx, func(ctx context.Context, u *work.Unit) error {
		m = Metric{Code: strings.TrimSpace(code), Zh: strings.TrimSpace(in.Zh), En: strings.TrimSpace(in.En), Unit: in.Unit, Below: in.Below}
		for name, value := range map[string]string{"code": m.Code, "zh": m.Zh, "en": m.En} {
			if err := needed(name, value); err != nil {
				return err
			}
		}
		_, err := u.Exec(ctx, `INSERT INTO alert_metrics (code, zh, en, unit, below) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (code) DO UPDATE SET zh = excluded.zh, en = excluded.en, unit = excluded.unit, below = excluded.below`, m.Code, m.Zh, m.En, m.Unit, m.Below)
		if err != nil {
			return fmt.Errorf("save metric: %w", err)
		}
		return recordChange(ctx, u, "alert_metric:"+m.Code, "alert_metric.saved", "alert_metric", m.Code, false, m)
	})
	return m, err
}

// removable are what can be taken away, by its name in the trail.
var removable = map[string]struct{ table, key string }{
	"alert_rule": {"alert_rules", "id"}, "alert_window": {"alert_windows", "id"}, "alert_object": {"alert_objects", "id"}, "alert_metric": {"alert_metrics", "code"},
}

func (s *Service) remove(ctx context.Context, subject, key string) error {
	return s.manage(ctx, func(ctx context.Context, u *work.Unit) error {
		of := removable[subject]
		n, err := u.Exec(ctx, "DELETE FROM "+of.table+" WHERE "+of.key+" = $1", key)
		if err != nil {
			return fmt.Errorf("remove %s: %w", subject, err)
		}
		if n == 0 {
			return fault.Missing()
		}
		if subject == "alert_rule" {
			if err := expectBeat(ctx, u, Rule{ID: key}); err != nil {
				return err
			}
		}
		stream := key
		if subject == "alert_metric" {
			stream = "alert_metric:" + key
		}
		return recordChange(ctx, u, stream, subject+".removed", subject, key, false, nil)
	})
}

// RemoveRule takes a rule away; alerts it took stay as they are.
func (s *Service) RemoveRule(ctx context.Context, id string) error {
	return s.remove(ctx, "alert_rule", id)
}

// RemoveWindow takes a maintenance window away.
func (s *Service) RemoveWindow(ctx context.Context, id string) error {
	return s.remove(ctx, "alert_window", id)
}

// RemoveObject takes a monitored object away; further alerts about it are unlinked.
func (s *Service) RemoveObject(ctx context.Context, id string) error {
	return s.remove(ctx, "alert_object", id)
}

// RemoveMetric takes a metric away.
func (s *Service) RemoveMetric(ctx context.Context, code string) error {
	return s.remove(ctx, "alert_metric", code)
}
