// Package party knows who there is: organisations of both sides, their sites, departments, people, teams,
// the services they use, who is superior to whom, and who calls from which number.
package party

import (
	"context"
	"time"

	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Permissions of this package.
const (
	Read       work.Perm = "party.read"        // look up organisations, people, teams …
	Write      work.Perm = "party.write"       // create and change them
	SeeContact work.Perm = "party.see_contact" // read customers' phones and addresses unmasked (SEC-09)
	Leave      work.Perm = "party.leave"       // mark people as left (SEC-02)
	UseCalls   work.Perm = "call.use"          // find out who is calling
)

// Permissions lists what this package asks for, with what it means.
func Permissions() map[work.Perm]text.Label {
	return map[work.Perm]text.Label{
		Read:       {Zh: "查看组织与人员", En: "See organisations and people"},
		Write:      {Zh: "维护组织与人员", En: "Maintain organisations and people"},
		SeeContact: {Zh: "查看客户联系方式", En: "See customers' contact details"},
		Leave:      {Zh: "办理离职", En: "Mark people as left"},
		UseCalls:   {Zh: "接听来电", En: "Take calls"},
	}
}

// States that an entry can be in. Nothing is deleted: old records keep pointing at it.
const (
	Active   = "active"
	Inactive = "inactive"
	Left     = "left" // people only
)

// Head is what every entry of this package has.
type Head struct {
	ID        string    `json:"id"`
	Version   int64     `json:"version"`
	Status    string    `json:"status"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

func (h *Head) columns() []column {
	return []column{
		{"id", &h.ID}, {"version", &h.Version}, {"status", &h.Status},
		{"created_at", &h.CreatedAt}, {"updated_at", &h.UpdatedAt},
	}
}

// ChangeKind says what happened to people.
type ChangeKind string

// The changes that others must know of in the same transaction.
const (
	PersonChanged  ChangeKind = "changed"  // name, language, superior, organisation …
	PersonLeft     ChangeKind = "left"     // SEC-02
	PersonReturned ChangeKind = "returned" // a leaver is back
	TeamsChanged   ChangeKind = "teams"    // joined or left a team, or the team's tier changed
)

// Change tells subscribers which people changed.
type Change struct {
	Kind   ChangeKind
	People []string
}

// OpenWork is one unfinished matter of a leaver.
type OpenWork struct {
	Number string `json:"number"`
	Type   string `json:"type"`
	Title  string `json:"title"`
	State  string `json:"state"`
}

type (
	changeHook func(ctx context.Context, u *work.Unit, c Change) error
	workHook   func(ctx context.Context, u *work.Unit, person Person) ([]OpenWork, error)
)

// Service is the use cases of this package.
type Service struct {
	door     *work.Door
	onChange []changeHook
	openWork []workHook
}

// New makes the service.
func New(door *work.Door) *Service { return &Service{door: door} }

// OnChange registers a subscriber that runs in the transaction which changes people; its error stops the change.
// Only for the wiring of the program, before it serves.
func (s *Service) OnChange(fn func(ctx context.Context, u *work.Unit, c Change) error) {
	s.onChange = append(s.onChange, fn)
}

// OnLeave registers who lists the open work of a leaver and may flag it or hand it over in the same transaction.
// Only for the wiring of the program, before it serves.
func (s *Service) OnLeave(fn func(ctx context.Context, u *work.Unit, person Person) ([]OpenWork, error)) {
	s.openWork = append(s.openWork, fn)
}

func (s *Service) tell(ctx context.Context, u *work.Unit, kind ChangeKind, people ...string) error {
	if len(people) == 0 {
		return nil
	}
	for _, hook := range s.onChange {
		if err := hook(ctx, u, Change{Kind: kind, People: people}); err != nil {
			return err
		}
	}
	return nil
}
