package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/engine/notify/channel"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Channel is a way out that the administrator set up. Secrets go in and never come out.
type Channel struct {
	ID         string            `json:"id"`
	Version    int64             `json:"version"`
	CreatedAt  time.Time         `json:"created_at"`
	UpdatedAt  time.Time         `json:"updated_at"`
	Kind       string            `json:"kind"`
	KindLabel  string            `json:"kind_label"`
	Name       string            `json:"name"`
	Position   int64             `json:"position" doc:"order in which defaults are tried, the smallest first"`
	Enabled    bool              `json:"enabled"`
	Customers  bool              `json:"customers" doc:"may also tell people of customers and suppliers"`
	PerMinute  int64             `json:"per_minute" doc:"messages a minute at most; 0 = no limit"`
	Levels     []Level           `json:"levels" nullable:"false" doc:"for which it is used for everybody who chose nothing else"`
	Settings   map[string]string `json:"settings" doc:"without secrets"`
	SecretsSet []string          `json:"secrets_set" nullable:"false" doc:"names of the secrets that are there"`
	LastSentAt *time.Time        `json:"last_sent_at"`
	Troubles   int64             `json:"troubles" doc:"deliveries that failed or were given up within the last day"`

	sealed  string
	removed bool
}

// ChannelNew is what a new channel is made from.
type ChannelNew struct {
	Kind string `json:"kind" maxLength:"20"`
	Name string `json:"name" maxLength:"60"`
	ChannelFields
}

// ChannelChange changes what it names. Of the settings, too, only those named change; an empty one is cleared.
type ChannelChange struct {
	Name *string `json:"name,omitempty" maxLength:"60"`
	ChannelFields
}

// ChannelFields may be given and changed.
type ChannelFields struct {
	Position  *int64            `json:"position,omitempty" minimum:"0" maximum:"1000000"`
	Enabled   *bool             `json:"enabled,omitempty"`
	Customers *bool             `json:"customers,omitempty"`
	PerMinute *int64            `json:"per_minute,omitempty" minimum:"0" maximum:"100000"`
	Levels    *[]Level          `json:"levels,omitempty" maxItems:"3" enum:"info,normal,urgent"`
	Settings  map[string]string `json:"settings,omitempty" maxProperties:"30"`
}

// ChannelKind says what a kind of channel needs.
type ChannelKind struct {
	Kind     string        `json:"kind"`
	Label    string        `json:"label"`
	Personal bool          `json:"personal" doc:"reaches one person alone, so that messages carry the link to acknowledge"`
	Settings []SettingView `json:"settings" nullable:"false"`
}

// SettingView is one thing to fill in.
type SettingView struct {
	Name     string       `json:"name"`
	Label    string       `json:"label"`
	Help     string       `json:"help"`
	Form     channel.Form `json:"form" doc:"line, lines, choice, number or url"`
	Options  []string     `json:"options" nullable:"false"`
	Required bool         `json:"required"`
	Secret   bool         `json:"secret"`
	Default  string       `json:"default"`
	Max      int          `json:"max"`
}

// ChannelKinds lists what can be set up.
func (s *Service) ChannelKinds(ctx context.Context) (list []ChannelKind, err error) {
	err = s.looking(ctx, func(_ context.Context, u *work.Unit) error {
		list = []ChannelKind{}
		for _, d := range drivers {
			k := ChannelKind{Kind: d.kind, Label: d.label.In(u.Actor.Lang), Personal: d.driver.Personal(), Settings: []SettingView{}}
			for _, f := range d.driver.Settings() {
				k.Settings = append(k.Settings, SettingView{Name: f.Name, Label: f.Label.In(u.Actor.Lang), Help: f.Help.In(u.Actor.Lang), Form: f.Form,
					Options: append([]string{}, f.Options...), Required: f.Required, Secret: f.Secret, Default: f.Default, Max: f.Limit()})
			}
			list = append(list, k)
		}
		return nil
	})
	return list, err
}

const selectChannel = `SELECT c.id, c.version, c.created_at, c.updated_at, c.kind, c.name, c.position, c.enabled, c.customers, c.per_minute, c.levels, c.settings, c.secrets, c.removed
	FROM notify_channels c `

func scanChannel(row db.Row) (c Channel, err error) {
	var created, updated int64
	c.Settings, c.Levels = map[string]string{}, []Level{}
	err = row.Scan(&c.ID, &c.Version, &created, &updated, &c.Kind, &c.Name, &c.Position, &c.Enabled, &c.Customers, &c.PerMinute,
		db.ScanJSON(&c.Levels), db.ScanJSON(&c.Settings), &c.sealed, &c.removed)
	c.CreatedAt, c.UpdatedAt = clock.FromMillis(created), clock.FromMillis(updated)
	return c, err
}

// readChannel reads one that was not removed.
func readChannel(ctx context.Context, tx db.Tx, id string) (Channel, error) {
	return db.One(ctx, tx, scanChannel, selectChannel+"WHERE c.id = $1 AND c.removed = FALSE", id)
}

// Channels lists all, in the order in which defaults are tried.
func (s *Service) Channels(ctx context.Context) (list []Channel, err error) {
	err = s.looking(ctx, func(ctx context.Context, u *work.Unit) error {
		list, err = db.All(ctx, u.Tx, scanChannel, selectChannel+"WHERE c.removed = FALSE ORDER BY c.position, c.name, c.id")
		if err != nil {
			return fmt.Errorf("read channels: %w", err)
		}
		for i := range list {
			if err := s.dress(ctx, u, &list[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

// Channel reads one.
func (s *Service) Channel(ctx context.Context, id string) (c Channel, err error) {
	err = s.looking(ctx, func(ctx context.Context, u *work.Unit) error {
		if c, err = readChannel(ctx, u.Tx, id); err != nil {
			return err
		}
		return s.dress(ctx, u, &c)
	})
	return c, err
}

// dress adds what an administrator wants to see beside the settings.
func (s *Service) dress(ctx context.Context, u *work.Unit, c *Channel) error {
	values := s.openable(ctx, *c)
	c.KindLabel, c.SecretsSet = kindLabel(c.Kind).In(u.Actor.Lang), []string{}
	for _, f := range settingsOf(c.Kind) {
		if f.Secret && values[f.Name] != "" {
			c.SecretsSet = append(c.SecretsSet, f.Name)
		}
	}
	sent, err := db.One(ctx, u.Tx, db.Scan[int64], `SELECT COALESCE(MAX(sent_at), 0) FROM (SELECT sent_at FROM notify_deliveries WHERE channel = $1 AND sent_at > 0 ORDER BY id DESC LIMIT 1) d`, c.ID)
	if err != nil {
		return fmt.Errorf("read last delivery: %w", err)
	}
	c.LastSentAt = instant(sent)
	c.Troubles, err = db.One(ctx, u.Tx, db.Scan[int64], `SELECT COUNT(*) FROM notify_deliveries WHERE channel = $1 AND created_at > $2 AND (state = 'failed' OR (state = 'given_up' AND code NOT IN ($3, $4)))`,
		c.ID, clock.Millis(u.Now().Add(-24*time.Hour)), codeNotNeeded, codeForeign)
	return err
}

func settingsOf(kind string) []channel.Setting {
	if d, ok := driverOf(kind); ok {
		return d.Settings()
	}
	return nil
}

// open gives all settings of a channel, with their defaults, and opens the secrets.
func (s *Service) open(c Channel) (channel.Values, error) {
	v := channel.Values{}
	for _, f := range settingsOf(c.Kind) {
		v[f.Name] = f.Default
	}
	maps.Copy(v, c.Settings)
	if c.sealed == "" {
		return v, nil
	}
	plain, err := s.seal.Open(c.sealed, sealedFor(c.ID))
	if err != nil {
		return nil, fmt.Errorf("open secrets of channel %s: %w", c.ID, err)
	}
	secrets := map[string]string{}
	if err := json.Unmarshal([]byte(plain), &secrets); err != nil {
		return nil, fmt.Errorf("read secrets of channel %s: %w", c.ID, err)
	}
	maps.Copy(v, secrets)
	return v, nil
}

// openable is open for the administrator: secrets that no key opens any more are gone, and can be entered anew.
func (s *Service) openable(ctx context.Context, c Channel) channel.Values {
	v, err := s.open(c)
	if err != nil {
		s.log.ErrorContext(ctx, "secrets of channel", "channel", c.Name, "error", err)
		c.sealed = ""
		v, _ = s.open(c)
	}
	return v
}

// sealedFor binds sealed secrets to their channel.
func sealedFor(id string) string { return "notify.channel:" + id }

// store keeps the values: plain ones as they are, secrets sealed.
func (s *Service) store(c *Channel, v channel.Values) (err error) {
	secrets := map[string]string{}
	c.Settings = map[string]string{}
	for _, f := range settingsOf(c.Kind) {
		switch value := v[f.Name]; {
		case value == "":
		case f.Secret:
			secrets[f.Name] = value
		default:
			c.Settings[f.Name] = value
		}
	}
	c.sealed = ""
	if len(secrets) == 0 {
		return nil
	}
	plain, err := json.Marshal(secrets)
	if err != nil {
		return fmt.Errorf("store secrets: %w", err)
	}
	c.sealed, err = s.seal.Seal(string(plain), sealedFor(c.ID))
	return err
}

// CreateChannel sets one up. It is off unless it is said to be on, so that it can be tested first.
func (s *Service) CreateChannel(ctx context.Context, in ChannelNew) (c Channel, err error) {
	err = s.managing(ctx, func(ctx context.Context, u *work.Unit) error {
		if _, ok := driverOf(in.Kind); !ok {
			return fault.One("kind", "field.choice", text.Params{"label": "kind"})
		}
		c = Channel{ID: id.New(), Version: 1, CreatedAt: u.Now(), UpdatedAt: u.Now(), Kind: in.Kind, Name: strings.TrimSpace(in.Name), Levels: []Level{}, Settings: map[string]string{}}
		changed, err := s.change(ctx, &c, in.ChannelFields)
		if err != nil {
			return err
		}
		if _, err := u.Exec(ctx, `INSERT INTO notify_channels (id, version, created_at, updated_at, kind, name, position, enabled, customers, per_minute, levels, settings, secrets, removed)
			VALUES ($1, 1, $2, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, FALSE)`,
			c.ID, clock.Millis(u.Now()), c.Kind, c.Name, c.Position, c.Enabled, c.Customers, c.PerMinute, db.JSON(c.Levels), db.JSON(c.Settings), c.sealed); err != nil {
			return nameTaken(err)
		}
		if err := recordChannel(ctx, u, c, "notify.channel_created", changed, true); err != nil {
			return err
		}
		return s.dress(ctx, u, &c)
	})
	return c, err
}

// ChangeChannel changes what in names; version is the one the caller saw, 0 for whichever is current.
func (s *Service) ChangeChannel(ctx context.Context, id string, version int64, in ChannelChange) (c Channel, err error) {
	err = s.managing(ctx, func(ctx context.Context, u *work.Unit) error {
		if c, err = lockChannel(ctx, u, id, version); err != nil {
			return err
		}
		if in.Name != nil {
			c.Name = strings.TrimSpace(*in.Name)
		}
		changed, err := s.change(ctx, &c, in.ChannelFields)
		if err != nil {
			return err
		}
		c.Version++
		c.UpdatedAt = u.Now()
		if _, err := u.Exec(ctx, `UPDATE notify_channels SET version = $2, updated_at = $3, name = $4, position = $5, enabled = $6, customers = $7, per_minute = $8, levels = $9, settings = $10, secrets = $11
			WHERE id = $1`, c.ID, c.Version, clock.Millis(u.Now()), c.Name, c.Position, c.Enabled, c.Customers, c.PerMinute, db.JSON(c.Levels), db.JSON(c.Settings), c.sealed); err != nil {
			return nameTaken(err)
		}
		if err := recordChannel(ctx, u, c, "notify.channel_changed", changed, false); err != nil {
			return err
		}
		return s.dress(ctx, u, &c)
	})
	return c, err
}

// RemoveChannel takes a channel out of use for good and forgets its secrets. What it delivered stays on record.
func (s *Service) RemoveChannel(ctx context.Context, id string, version int64) error {
	return s.managing(ctx, func(ctx context.Context, u *work.Unit) error {
		c, err := lockChannel(ctx, u, id, version)
		if err != nil {
			return err
		}
		if _, err := u.Exec(ctx, `UPDATE notify_channels SET removed = TRUE, enabled = FALSE, secrets = '', version = version + 1, updated_at = $2 WHERE id = $1`, id, clock.Millis(u.Now())); err != nil {
			return fmt.Errorf("remove channel: %w", err)
		}
		return recordChannel(ctx, u, c, "notify.channel_removed", nil, false)
	})
}

func lockChannel(ctx context.Context, u *work.Unit, id string, version int64) (Channel, error) {
	c, err := db.One(ctx, u.Tx, scanChannel, selectChannel+"WHERE c.id = $1 AND c.removed = FALSE"+db.ForUpdate(u.Tx), id)
	if err == nil && version != 0 && version != c.Version {
		return c, fault.New(fault.Stale, "stale", nil)
	}
	return c, err
}

func nameTaken(err error) error {
	if fault.Is(err, fault.Conflict) {
		return fault.One("name", "field.unique", text.Params{"label": text.Label{Zh: "名称", En: "the name"}})
	}
	return fmt.Errorf("store channel: %w", err)
}

// recordChannel records which settings changed; of secrets only that they did.
func recordChannel(ctx context.Context, u *work.Unit, c Channel, kind string, changed []string, first bool) error {
	_, err := u.Record(ctx, work.Event{Stream: c.ID, Kind: kind, Subject: "notify_channel", Number: c.Name, First: first, Data: map[string]any{
		"kind": c.Kind, "enabled": c.Enabled, "customers": c.Customers, "per_minute": c.PerMinute, "levels": c.Levels, "settings_changed": changed}})
	return err
}

// change applies and checks fields; it tells the names of the settings that changed.
func (s *Service) change(ctx context.Context, c *Channel, in ChannelFields) (changed []string, err error) {
	set(&c.Position, in.Position)
	set(&c.Enabled, in.Enabled)
	set(&c.Customers, in.Customers)
	set(&c.PerMinute, in.PerMinute)
	wrong := checkHead(c, in)
	if in.Levels != nil {
		c.Levels = append([]Level{}, *in.Levels...)
		slices.Sort(c.Levels)
		c.Levels = slices.Compact(c.Levels)
	}
	values := s.openable(ctx, *c)
	changed = []string{}
	known := settingsOf(c.Kind)
	for _, name := range slices.Sorted(maps.Keys(in.Settings)) {
		i := slices.IndexFunc(known, func(f channel.Setting) bool { return f.Name == name })
		if i < 0 {
			wrong = append(wrong, fault.Field{Name: "settings." + clipName(name), Code: "field.unknown", Params: text.Params{"name": "settings"}})
			continue
		}
		if value := tidy(known[i], in.Settings[name]); value != values[name] {
			values[name] = value
			changed = append(changed, name)
		}
	}
	wrong = append(wrong, checkValues(c.Kind, values)...)
	if len(wrong) > 0 {
		return nil, fault.Fields(wrong...)
	}
	return changed, s.store(c, values)
}

// clipName keeps a client's own name for a field short.
func clipName(name string) string { return channel.Clip(name, 40) }

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func checkHead(c *Channel, in ChannelFields) (wrong []fault.Field) {
	switch n := utf8.RuneCountInString(c.Name); {
	case n == 0:
		wrong = append(wrong, fault.Field{Name: "name", Code: "field.required", Params: text.Params{"label": text.Label{Zh: "名称", En: "the name"}}})
	case n > 60:
		wrong = append(wrong, fault.Field{Name: "name", Code: "field.length", Params: text.Params{"label": text.Label{Zh: "名称", En: "The name"}, "max": 60}})
	}
	if in.Levels != nil {
		for _, l := range *in.Levels {
			if !slices.Contains(Levels, l) {
				wrong = append(wrong, fault.Field{Name: "levels", Code: "field.choice", Params: text.Params{"label": "levels"}})
			}
		}
	}
	return wrong
}

// tidy trims a value; only what has lines may contain line breaks.
func tidy(f channel.Setting, value string) string {
	value = strings.TrimSpace(strings.ReplaceAll(value, "\r\n", "\n"))
	if f.Form == channel.Lines {
		return value
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, value)
}

// checkValues checks each setting by its declaration, then all of them together by the driver.
func checkValues(kind string, v channel.Values) (wrong []fault.Field) {
	driver, _ := driverOf(kind)
	fail := func(f channel.Setting, code string) {
		wrong = append(wrong, fault.Field{Name: "settings." + f.Name, Code: code, Params: text.Params{"label": f.Label, "max": f.Limit()}})
	}
	labels := map[string]text.Label{}
	for _, f := range driver.Settings() {
		labels[f.Name] = f.Label
		switch value := v[f.Name]; {
		case value == "" && f.Required:
			fail(f, "field.required")
		case utf8.RuneCountInString(value) > f.Limit():
			fail(f, "field.length")
		case f.Form == channel.Choice && !slices.Contains(f.Options, cmp.Or(value, f.Default)):
			fail(f, "field.choice")
		}
	}
	if len(wrong) > 0 {
		return wrong
	}
	for _, f := range driver.Check(v) {
		params := text.Params{"label": labels[f.Name]}
		maps.Copy(params, f.Params)
		wrong = append(wrong, fault.Field{Name: "settings." + f.Name, Code: f.Code, Params: params})
	}
	return wrong
}

// TestResult is what became of a test message.
type TestResult struct {
	OK     bool   `json:"ok"`
	Code   string `json:"code"`
	Reason string `json:"reason"`
	Answer string `json:"answer" doc:"what the other side said, shortened"`
}

// TestChannel sends a test message to the actor through a channel at once, also through one that is off.
func (s *Service) TestChannel(ctx context.Context, id string) (result TestResult, err error) {
	var p parcel
	err = s.looking(ctx, func(ctx context.Context, u *work.Unit) error {
		p, err = s.testParcel(ctx, u, id)
		return err
	})
	if err != nil {
		return result, err
	}
	receipt, failure := p.send(ctx, s.net)
	result = TestResult{OK: failure == nil, Answer: receipt.Answer}
	err = s.managing(context.WithoutCancel(ctx), func(ctx context.Context, u *work.Unit) error {
		if failure != nil {
			result.Code, result.Reason, result.Answer = failure.Code, text.Say(u.Actor.Lang, failure.Code, nil), failure.Answer
		}
		_, err := u.Record(ctx, work.Event{Stream: id, Kind: "notify.channel_tested", Subject: "notify_channel", Number: p.channel.Name, Data: map[string]any{"ok": result.OK, "code": result.Code}})
		return err
	})
	return result, err
}

func (s *Service) testParcel(ctx context.Context, u *work.Unit, channelID string) (p parcel, err error) {
	if p.channel, err = readChannel(ctx, u.Tx, channelID); err != nil {
		return p, err
	}
	if p.values, err = s.open(p.channel); err != nil {
		return p, err
	}
	p.driver, _ = driverOf(p.channel.Kind)
	person, err := party.LoadPerson(ctx, u.Tx, u.Actor.ID)
	if err != nil {
		return p, err
	}
	label := text.Label{Zh: "这是 Steward 的测试消息，收到说明通道可用。", En: "This is a test message of Steward: the channel works."}
	v := Variables{Text: label.In(u.Actor.Lang), Level: levelLabels[Normal].In(u.Actor.Lang), Kind: text.Label{Zh: "测试", En: "Test"}.In(u.Actor.Lang),
		Person: person.Name, Time: u.Now().In(s.placeOf(person)).Format(timeForm), Count: 1}
	t, err := wording(ctx, u.Tx, TestKind, u.Actor.Lang)
	if err != nil {
		return p, err
	}
	m := channel.Message{ID: id.New(), At: u.Now(), Kind: TestKind, Level: string(Normal), Lang: u.Actor.Lang, To: recipientOf(person)}
	m.Subject, m.Text, m.Short, err = t.render(v)
	p.message = m
	return p, err
}
