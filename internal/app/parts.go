package app

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/steward-ops/steward/internal/core/audit"
	"github.com/steward-ops/steward/internal/core/calendar"
	"github.com/steward-ops/steward/internal/core/identity"
	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/core/seal"
	"github.com/steward-ops/steward/internal/core/search"
	"github.com/steward-ops/steward/internal/engine/notify"
	"github.com/steward-ops/steward/internal/engine/process"
	"github.com/steward-ops/steward/internal/engine/roster"
	"github.com/steward-ops/steward/internal/engine/sla"
	"github.com/steward-ops/steward/internal/intake/alert"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/config"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/jobs"
	"github.com/steward-ops/steward/internal/platform/work"
	"github.com/steward-ops/steward/internal/practice/call"
	"github.com/steward-ops/steward/internal/practice/duty"
	"github.com/steward-ops/steward/internal/practice/incident"
	"github.com/steward-ops/steward/internal/practice/major"
	"github.com/steward-ops/steward/internal/practice/request"
)

// practices are the parts of the service that the program knows, in the order of the navigation. A new one is one line here.
var practices = []struct {
	name  string
	files embed.FS
}{
	{"incident", incident.Files},
	{"request", request.Files},
	{"call", call.Files},
	{"major", major.Files},
	{"duty", duty.Files},
}

// Sources are the shipped definitions.
func Sources() []process.Source {
	var out []process.Source
	for _, p := range practices {
		out = append(out, SourcesIn(p.name, p.files)...)
	}
	return out
}

// SourcesIn reads the definitions of one practice's folder.
func SourcesIn(practice string, files fs.FS) []process.Source {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		panic(err)
	}
	var out []process.Source
	for _, name := range names {
		source, err := fs.ReadFile(files, name)
		if err != nil {
			panic(err)
		}
		out = append(out, process.Source{Practice: practice, File: practice + "/" + name, Text: source})
	}
	return out
}

// Behaviour is every guard and effect that definitions may name.
func Behaviour() *process.Behaviour {
	b := process.NewBehaviour()
	duty.Register(b, silenced)
	return b
}

// Migrations of all packages, in the order in which they refer to each other.
func Migrations() []db.Migration {
	var all []db.Migration
	for _, list := range [][]db.Migration{jobs.Migrations, audit.Migrations, party.Migrations, identity.Migrations, record.Migrations, search.Migrations, notify.Migrations, process.Migrations, roster.Migrations, sla.Migrations, alert.Migrations} {
		all = append(all, list...)
	}
	return all
}

func makeFolder(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return nil
}

// masterKeys are those of the configuration, or those in the data folder, made at the first start.
func masterKeys(cfg config.Config) (*seal.Ring, error) {
	list := cfg.Keys
	if list == "" {
		path := filepath.Join(cfg.Data, "keys")
		stored, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			stored = []byte(seal.Generate("k1").String() + "\n")
			err = os.WriteFile(path, stored, 0o600)
		}
		if err != nil {
			return nil, fmt.Errorf("master keys: %w", err)
		}
		list = strings.TrimSpace(string(stored))
	}
	keys, err := seal.Parse(list)
	if err != nil {
		return nil, fmt.Errorf("master keys: %w", err)
	}
	return seal.New(keys)
}

// officeHours are when notices go out that people want held until service hours: the usual ones, with China's holidays and
// make-up days.
func officeHours(zone string) (notify.Hours, error) {
	week := map[string][]calendar.Interval{}
	for _, day := range []string{"mon", "tue", "wed", "thu", "fri"} {
		week[day] = []calendar.Interval{{"09:00", "18:00"}}
	}
	return calendar.NewIn(calendar.China(), calendar.Spec{Timezone: zone, Weekly: week})
}

// wireNotices makes the notices with their channels.
func (a *App) wireNotices(ring *seal.Ring) error {
	networks, err := a.Config.OpenNetworks()
	if err != nil {
		return err
	}
	hours, err := officeHours(a.Config.Zone)
	if err != nil {
		return fmt.Errorf("service hours: %w", err)
	}
	a.Notices = notify.New(notify.Config{Door: a.Door, Seal: ring, Log: a.Log, Networks: networks, BaseURL: a.Config.BaseURL, Zone: a.Config.Zone, Hours: hours})
	a.Courier = notify.NewCourier(a.Notices)
	a.Courier.Register(a.Jobs)
	return nil
}

// silenced are the alarms that maintenance windows hold back, for handovers.
func silenced(ctx context.Context, tx db.Tx, _ string) ([]duty.Silence, error) {
	open, err := alert.SilencedNow(ctx, tx)
	list := make([]duty.Silence, len(open))
	for i, s := range open {
		list[i] = duty.Silence{Alarm: s.Name, Until: s.Until}
	}
	return list, err
}

// tellLockout tells the person and the administrators that an account was locked.
func tellLockout(ctx context.Context, u *work.Unit, l identity.Lockout) error {
	return notify.Send(ctx, u, notify.Notice{People: append([]string{l.Person}, l.Administrators...), Kind: "security", Text: text.Label{
		Zh: fmt.Sprintf("账号 %s 因多次登录失败锁定 %d 分钟", l.Login, l.Minutes),
		En: fmt.Sprintf("Account %s is locked for %d minutes after too many failed sign-ins", l.Login, l.Minutes)}})
}
