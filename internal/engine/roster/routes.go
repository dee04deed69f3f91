package roster

import (
	"context"
	"io"
	"time"

	"github.com/steward-ops/steward/internal/engine/roster/rotation"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

const tag = "Duty"

// RosterPath names a roster in a path; exported so that inputs can embed it.
type RosterPath struct {
	ID string `path:"id" maxLength:"40"`
}

type (
	rosterOut struct {
		ETag string `header:"ETag"`
		Body Roster
	}
	changeIn struct {
		RosterPath
		httpapi.Conditional
		Body RosterChange
	}
	publishIn struct {
		RosterPath
		httpapi.Conditional
		Body Publication
	}
	listIn struct {
		httpapi.Paged
		Team   string `query:"team" maxLength:"40" doc:"only those of this team"`
		Status string `query:"status" enum:"active,retired" doc:"only those in this state"`
	}
	shiftsIn struct {
		RosterPath
		From  time.Time `query:"from" required:"true"`
		To    time.Time `query:"to" required:"true" doc:"at most 400 days later"`
		Draft bool      `query:"draft" doc:"what is being worked on instead of what is published"`
	}
	dutyIn struct {
		At   time.Time `query:"at" doc:"now when not given"`
		Team string    `query:"team" maxLength:"40" doc:"only this team"`
	}
	spanIn struct {
		From time.Time `query:"from" required:"true"`
		To   time.Time `query:"to" required:"true"`
	}
	overridesIn struct {
		RosterPath
		From time.Time `query:"from" doc:"only those that end after this; the beginning of time when not given"`
		To   time.Time `query:"to" doc:"only those that begin before this"`
	}
	overrideIn struct {
		RosterPath
		Body OverrideNew
	}
	overrideRef struct {
		RosterPath
		Override string `path:"override" maxLength:"40"`
	}
)

func answer(r Roster, err error) (*rosterOut, error) {
	if err != nil {
		return nil, err
	}
	return &rosterOut{ETag: httpapi.ETag(r.Version), Body: r}, nil
}

type listOf[T any] struct {
	Items []T `json:"items"`
}

type listOut[T any] struct{ Body listOf[T] }

func items[T any](list []T, err error) (*listOut[T], error) {
	if err != nil {
		return nil, err
	}
	if list == nil {
		list = []T{}
	}
	return &listOut[T]{listOf[T]{list}}, nil
}

// Routes registers the operations.
func (s *Service) Routes(api *httpapi.API) {
	api.Tag(tag, "Duty rosters: who is on duty, and who stands in.")
	s.rosterRoutes(api)
	s.dutyRoutes(api)
	s.overrideRoutes(api)
	s.feedRoutes(api)
	httpapi.Calculate(api, httpapi.Op{ID: "calc-oncall", Method: "POST", Path: "/api/v1/calc/oncall", Tag: tag, Summary: "Work out who is on duty, hand-offs and gaps",
		Detail: "Stateless; the same code as the duty rosters. Every stretch of time is [start, end).", Perm: "calc.use"}, rotation.Calculate)
}

func (s *Service) rosterRoutes(api *httpapi.API) {
	httpapi.Handle(api, httpapi.Op{ID: "roster-list", Method: "GET", Path: "/api/v1/rosters", Tag: tag, Summary: "List duty rosters, by name", Perm: Read},
		func(ctx context.Context, in *listIn) (*struct{ Body httpapi.Page[Roster] }, error) {
			var from *place
			var after place
			if given, err := httpapi.ReadCursor(in.Cursor, &after); err != nil {
				return nil, err
			} else if given {
				from = &after
			}
			list, next, err := s.List(ctx, Filter{Team: in.Team, Status: in.Status}, from, in.Limit)
			if err != nil {
				return nil, err
			}
			cursor := ""
			if next != nil {
				cursor = httpapi.Cursor(next)
			}
			return &struct{ Body httpapi.Page[Roster] }{httpapi.NewPage(list, cursor)}, nil
		})
	httpapi.Handle(api, httpapi.Op{ID: "roster-create", Method: "POST", Path: "/api/v1/rosters", Tag: tag, Summary: "Make a duty roster", Perm: Manage, Status: 201},
		func(ctx context.Context, in *struct{ Body RosterNew }) (*rosterOut, error) {
			return answer(s.Create(ctx, in.Body))
		})
	httpapi.Handle(api, httpapi.Op{ID: "roster-get", Method: "GET", Path: "/api/v1/rosters/{id}", Tag: tag, Summary: "Read a duty roster", Perm: Read},
		func(ctx context.Context, in *RosterPath) (*rosterOut, error) { return answer(s.Roster(ctx, in.ID)) })
	httpapi.Handle(api, httpapi.Op{ID: "roster-change", Method: "PATCH", Path: "/api/v1/rosters/{id}", Tag: tag, Summary: "Change a duty roster; in force once published", Perm: Manage},
		func(ctx context.Context, in *changeIn) (*rosterOut, error) {
			version, err := in.Version()
			if err != nil {
				return nil, err
			}
			return answer(s.Change(ctx, in.ID, version, in.Body))
		})
	httpapi.Handle(api, httpapi.Op{ID: "roster-check", Method: "GET", Path: "/api/v1/rosters/{id}/check", Tag: tag, Summary: "Find what is wrong with a roster before it is published", Perm: Manage},
		func(ctx context.Context, in *RosterPath) (*struct{ Body Report }, error) {
			report, err := s.Check(ctx, in.ID)
			return &struct{ Body Report }{report}, err
		})
	httpapi.Handle(api, httpapi.Op{ID: "roster-publish", Method: "POST", Path: "/api/v1/rosters/{id}/publish", Tag: tag, Summary: "Put a roster in force",
		Detail: "409 with guard roster_check and `findings` while the check finds something that is not accepted; hard findings cannot be.", Perm: Manage},
		func(ctx context.Context, in *publishIn) (*rosterOut, error) {
			version, err := in.Version()
			if err != nil {
				return nil, err
			}
			return answer(s.Publish(ctx, in.ID, version, in.Body))
		})
	httpapi.Handle(api, httpapi.Op{ID: "roster-versions", Method: "GET", Path: "/api/v1/rosters/{id}/versions", Tag: tag, Summary: "Publications of a roster, newest first", Perm: Read},
		func(ctx context.Context, in *RosterPath) (*listOut[Version], error) {
			return items(s.Versions(ctx, in.ID))
		})
	httpapi.Handle(api, httpapi.Op{ID: "roster-generate", Method: "POST", Path: "/api/v1/rosters/generate", Tag: tag, Summary: "Make a roster's body from a few facts, without storing it", Perm: Manage},
		func(ctx context.Context, in *struct{ Body Plain }) (*struct{ Body Body }, error) {
			body, err := s.Generate(ctx, in.Body)
			return &struct{ Body Body }{body.complete()}, err
		})
}

func (s *Service) dutyRoutes(api *httpapi.API) {
	httpapi.Handle(api, httpapi.Op{ID: "roster-shifts", Method: "GET", Path: "/api/v1/rosters/{id}/shifts", Tag: tag, Summary: "Who is on duty when by a roster, with what overrides it", Perm: Read},
		func(ctx context.Context, in *shiftsIn) (*struct{ Body Sheet }, error) {
			sheet, err := s.Shifts(ctx, in.ID, in.From, in.To, in.Draft)
			return &struct{ Body Sheet }{sheet}, err
		})
	httpapi.Handle(api, httpapi.Op{ID: "duty", Method: "GET", Path: "/api/v1/duty", Tag: tag, Summary: "Who is on duty at an instant, past or future", Perm: Read},
		func(ctx context.Context, in *dutyIn) (*listOut[TeamDuty], error) {
			return items(s.Duty(ctx, in.At, in.Team))
		})
	httpapi.Handle(api, httpapi.Op{ID: "duty-absences", Method: "GET", Path: "/api/v1/duty/absences", Tag: tag, Summary: "Who is away", Perm: Read},
		func(ctx context.Context, in *spanIn) (*listOut[Absence], error) {
			return items(s.Absences(ctx, in.From, in.To))
		})
}

func (s *Service) overrideRoutes(api *httpapi.API) {
	const path = "/api/v1/rosters/{id}/overrides"
	httpapi.Handle(api, httpapi.Op{ID: "override-list", Method: "GET", Path: path, Tag: tag, Summary: "Overrides of a roster, by their beginning", Perm: Read},
		func(ctx context.Context, in *overridesIn) (*listOut[Override], error) {
			return items(s.Overrides(ctx, in.ID, in.From, in.To))
		})
	httpapi.Handle(api, httpapi.Op{ID: "override-create", Method: "POST", Path: path, Tag: tag, Summary: "Change who is on duty for a time", Perm: Manage, Status: 201},
		func(ctx context.Context, in *overrideIn) (*struct{ Body Override }, error) {
			o, err := s.Override(ctx, in.ID, in.Body)
			return &struct{ Body Override }{o}, err
		})
	httpapi.Handle(api, httpapi.Op{ID: "override-cancel", Method: "DELETE", Path: path + "/{override}", Tag: tag, Summary: "Take an override back", Perm: Manage},
		func(ctx context.Context, in *overrideRef) (*struct{}, error) {
			return &struct{}{}, s.CancelOverride(ctx, in.ID, in.Override)
		})
}

func (s *Service) feedRoutes(api *httpapi.API) {
	type feedOut struct{ Body Feed }
	httpapi.Handle(api, httpapi.Op{ID: "duty-feed-create", Method: "POST", Path: "/api/v1/duty/feed", Tag: tag, Summary: "Make the calendar address of one's own duty; an earlier one ends", Perm: Read, Status: 201},
		func(ctx context.Context, _ *struct{}) (*feedOut, error) {
			f, err := s.MakeFeed(ctx, "")
			return &feedOut{f}, err
		})
	httpapi.Handle(api, httpapi.Op{ID: "duty-feed-delete", Method: "DELETE", Path: "/api/v1/duty/feed", Tag: tag, Summary: "End the calendar address of one's own duty", Perm: Read},
		func(ctx context.Context, _ *struct{}) (*struct{}, error) { return &struct{}{}, s.DropFeed(ctx, "") })
	httpapi.Handle(api, httpapi.Op{ID: "roster-feed-create", Method: "POST", Path: "/api/v1/rosters/{id}/feed", Tag: tag, Summary: "Make one's calendar address of a roster; an earlier one ends", Perm: Read, Status: 201},
		func(ctx context.Context, in *RosterPath) (*feedOut, error) {
			f, err := s.MakeFeed(ctx, in.ID)
			return &feedOut{f}, err
		})
	httpapi.Handle(api, httpapi.Op{ID: "roster-feed-delete", Method: "DELETE", Path: "/api/v1/rosters/{id}/feed", Tag: tag, Summary: "End one's calendar address of a roster", Perm: Read},
		func(ctx context.Context, in *RosterPath) (*struct{}, error) {
			return &struct{}{}, s.DropFeed(ctx, in.ID)
		})
	api.Route(httpapi.Op{ID: "duty-feed", Method: "GET", Path: "/api/v1/duty-feeds/{token}", Tag: tag, Summary: "Duty as an iCalendar file, for calendar programs that subscribe to it", Perm: work.Public,
		Rate: httpapi.Rate{Every: time.Second, Burst: 20, By: httpapi.ByIP}},
		func(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
			for name := range c.Queries() {
				return nil, fault.One(name, "field.unknown", text.Params{"name": name})
			}
			calendar, err := s.Calendar(ctx, c.Path("token"))
			if err != nil {
				return nil, err
			}
			return &httpapi.Reply{ContentType: "text/calendar; charset=utf-8", Header: map[string]string{"Cache-Control": "private, max-age=600"},
				Write: func(w io.Writer) error {
					_, err := io.WriteString(w, calendar)
					return err
				}}, nil
		})
}
