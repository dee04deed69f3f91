package process

import (
	"context"
	"slices"
	"sync"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Grade is one step of an impact, urgency or priority scale, highest first.
type Grade struct {
	Value string     `json:"value" maxLength:"40"`
	Label text.Label `json:"label"`
	Hint  text.Label `json:"hint"`
	Mark  string     `json:"mark,omitempty" enum:"urgent,high,medium,low" doc:"how a priority is drawn"`
}

// Scheme is one way to judge priority: impact × urgency (ESC-01, ESC-02, C-02).
type Scheme struct {
	Code       string                       `json:"code" maxLength:"40"`
	Label      text.Label                   `json:"label"`
	Impacts    []Grade                      `json:"impacts" maxItems:"20"`
	Urgencies  []Grade                      `json:"urgencies" maxItems:"20"`
	Priorities []Grade                      `json:"priorities" maxItems:"20"`
	Matrix     map[string]map[string]string `json:"matrix" doc:"impact → urgency → priority"`
	Version    int64                        `json:"version"`
}

// Priority is the scheme's answer, with its rank (1 = first); "" while impact or urgency is open.
func (s Scheme) Priority(impact, urgency string) (string, int) {
	p := s.Matrix[impact][urgency]
	return p, s.Rank(p)
}

// Rank of a priority, 1 = first; 99 for none.
func (s Scheme) Rank(priority string) int {
	i := slices.IndexFunc(s.Priorities, func(g Grade) bool { return g.Value == priority })
	if i < 0 {
		return 99
	}
	return i + 1
}

// check names what is missing in a changed scheme.
func (s Scheme) check() error {
	var faults []fault.Field
	for _, i := range s.Impacts {
		for _, u := range s.Urgencies {
			if p := s.Matrix[i.Value][u.Value]; s.Rank(p) == 99 {
				faults = append(faults, fault.Field{Name: "matrix." + i.Value + "." + u.Value, Code: "field.choice", Params: text.Params{"label": text.Label{Zh: i.Label.Zh + " × " + u.Label.Zh, En: i.Label.En + " × " + u.Label.En}}})
			}
		}
	}
	if len(faults) > 0 {
		return fault.Fields(faults...)
	}
	return nil
}

var standardScheme = Scheme{
	Code: "standard", Label: text.Label{Zh: "标准矩阵", En: "Standard matrix"}, Version: 1,
	Impacts: []Grade{
		{Value: "high", Label: text.Label{Zh: "高", En: "High"}, Hint: text.Label{Zh: "多部门核心业务", En: "Core business of several departments"}},
		{Value: "medium", Label: text.Label{Zh: "中", En: "Medium"}, Hint: text.Label{Zh: "一个部门或门店", En: "One department or store"}},
		{Value: "low", Label: text.Label{Zh: "低", En: "Low"}, Hint: text.Label{Zh: "一个人", En: "One person"}},
	},
	Urgencies: []Grade{
		{Value: "high", Label: text.Label{Zh: "高", En: "High"}, Hint: text.Label{Zh: "正在影响营业", En: "Business is affected now"}},
		{Value: "medium", Label: text.Label{Zh: "中", En: "Medium"}, Hint: text.Label{Zh: "今天内", En: "Within the day"}},
		{Value: "low", Label: text.Label{Zh: "低", En: "Low"}, Hint: text.Label{Zh: "可以等", En: "Can wait"}},
	},
	Priorities: []Grade{
		{Value: "P1", Label: text.Label{Zh: "紧急", En: "Urgent"}, Mark: "urgent"},
		{Value: "P2", Label: text.Label{Zh: "高", En: "High"}, Mark: "high"},
		{Value: "P3", Label: text.Label{Zh: "中", En: "Medium"}, Mark: "medium"},
		{Value: "P4", Label: text.Label{Zh: "低", En: "Low"}, Mark: "low"},
	},
	Matrix: map[string]map[string]string{
		"high":   {"high": "P1", "medium": "P2", "low": "P3"},
		"medium": {"high": "P2", "medium": "P3", "low": "P4"},
		"low":    {"high": "P3", "medium": "P4", "low": "P4"},
	},
}

// schemes is the cache of the stored schemes; every replica reloads it when one changes.
type schemes struct {
	mu   sync.RWMutex
	list []Scheme
}

func (s *schemes) get(code string) (Scheme, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i := slices.IndexFunc(s.list, func(x Scheme) bool { return x.Code == code })
	if i < 0 {
		return Scheme{}, false
	}
	return s.list[i], true
}

func (s *schemes) all() []Scheme {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.list)
}

func (s *schemes) reload(ctx context.Context, tx db.Tx) error {
	list, err := db.All(ctx, tx, func(row db.Row) (x Scheme, err error) { return x, row.Scan(db.ScanJSON(&x), &x.Version) },
		`SELECT body, version FROM priority_schemes ORDER BY code`)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = list
	return nil
}

func seedSchemes(ctx context.Context, tx db.Tx) error {
	_, err := tx.Exec(ctx, `INSERT INTO priority_schemes (code, body, version, changed_at) VALUES ($1, $2, 1, $3) ON CONFLICT DO NOTHING`,
		standardScheme.Code, db.JSON(standardScheme), clock.Millis(tx.Now()))
	return err
}

// SaveScheme changes or adds a priority scheme; running records keep the priority they have until impact or urgency changes.
func (s *Service) SaveScheme(ctx context.Context, scheme Scheme, version int64) (Scheme, error) {
	if err := scheme.check(); err != nil {
		return scheme, err
	}
	err := s.door.Do(ctx, ManageDefinitions, func(ctx context.Context, u *work.Unit) error {
		if !u.Actor.MayFor(ManageDefinitions, "", "") { // it is for every customer and type
			return fault.Denied()
		}
		scheme.Version = version + 1
		n, err := u.Exec(ctx, `INSERT INTO priority_schemes (code, body, version, changed_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (code) DO UPDATE SET body = excluded.body, version = excluded.version, changed_at = excluded.changed_at WHERE priority_schemes.version = $5`,
			scheme.Code, db.JSON(scheme), scheme.Version, clock.Millis(u.Now()), version)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Stale, "stale", nil)
		}
		if err := s.tellDefinitions(ctx, u); err != nil {
			return err
		}
		_, err = u.Record(ctx, work.Event{Stream: "scheme:" + scheme.Code, Kind: "scheme.saved", Subject: "priority_scheme", Number: scheme.Code, Data: scheme})
		return err
	})
	return scheme, err
}
