package sla

import (
	"context"
	"time"

	"github.com/steward-ops/steward/internal/core/calendar"
	"github.com/steward-ops/steward/internal/engine/process"
	"github.com/steward-ops/steward/internal/platform/httpapi"
)

type (
	codeIn struct {
		Code string `path:"code" maxLength:"60"`
	}
	idIn struct {
		ID string `path:"id" maxLength:"40"`
	}
	calendarOut struct {
		ETag string `header:"ETag"`
		Body Calendar
	}
	calendarsOut struct {
		Body struct {
			Items []Calendar `json:"items"`
		}
	}
	agreementOut struct {
		ETag string `header:"ETag"`
		Body *Agreement
	}
	agreementsOut struct {
		Body struct {
			Items []*Agreement `json:"items"`
		}
	}
	calendarIn struct {
		Code string `path:"code" maxLength:"60" pattern:"^[a-z0-9][a-z0-9_-]*$"`
		httpapi.Conditional
		Body Calendar
	}
	agreementIn struct {
		ID string `path:"id" maxLength:"40"`
		httpapi.Conditional
		Body Agreement
	}
)

func calendarReply(c Calendar, err error) (*calendarOut, error) {
	if err != nil {
		return nil, err
	}
	return &calendarOut{ETag: httpapi.ETag(c.Version), Body: c}, nil
}

func agreementReply(a *Agreement, err error) (*agreementOut, error) {
	if err != nil {
		return nil, err
	}
	return &agreementOut{ETag: httpapi.ETag(a.Version), Body: a}, nil
}

// Routes registers the operations.
func (s *Service) Routes(api *httpapi.API) {
	calculations(api)
	s.calendarRoutes(api)
	s.agreementRoutes(api)
	s.clockRoutes(api)
}

func (s *Service) calendarRoutes(api *httpapi.API) {
	api.Tag("Calendars", "Working time: service hours, holidays and make-up days.")
	httpapi.Handle(api, httpapi.Op{ID: "calendar-list", Method: "GET", Path: "/api/v1/calendars", Tag: "Calendars", Summary: "All calendars", Perm: Read},
		func(ctx context.Context, _ *struct{}) (*calendarsOut, error) {
			list, err := s.Calendars(ctx)
			out := &calendarsOut{}
			out.Body.Items = list
			return out, err
		})
	httpapi.Handle(api, httpapi.Op{ID: "calendar-read", Method: "GET", Path: "/api/v1/calendars/{code}", Tag: "Calendars", Summary: "One calendar", Perm: Read},
		func(ctx context.Context, in *codeIn) (*calendarOut, error) {
			return calendarReply(s.Calendar(ctx, in.Code))
		})
	httpapi.Handle(api, httpapi.Op{ID: "calendar-save", Method: "PUT", Path: "/api/v1/calendars/{code}", Tag: "Calendars", Summary: "Add a calendar, or change it", Perm: Manage,
		Detail: "If-Match names the version that was read; none for a new calendar. Open records are reckoned anew afterwards."},
		func(ctx context.Context, in *calendarIn) (*calendarOut, error) {
			v, err := in.Version()
			if err != nil {
				return nil, err
			}
			in.Body.Code = in.Code
			return calendarReply(s.SaveCalendar(ctx, in.Body, v))
		})
	httpapi.Handle(api, httpapi.Op{ID: "calendar-delete", Method: "DELETE", Path: "/api/v1/calendars/{code}", Tag: "Calendars", Summary: "Remove a calendar nobody uses", Perm: Manage},
		func(ctx context.Context, in *codeIn) (*struct{}, error) {
			return &struct{}{}, s.DeleteCalendar(ctx, in.Code)
		})
	httpapi.Handle(api, httpapi.Op{ID: "calendar-public-days", Method: "GET", Path: "/api/v1/public-days/{country}/{year}", Tag: "Calendars", Summary: "Announced holidays and make-up days", Perm: Read},
		func(_ context.Context, in *struct {
			Country string `path:"country" enum:"CN"`
			Year    int    `path:"year" minimum:"2000" maximum:"2100"`
		}) (*publicOut, error) {
			out := &publicOut{}
			days, notices := calendar.China().Of(in.Year)
			out.Body.Days, out.Body.Notices, out.Body.Announced, out.Body.Last = nonNil(days), nonNil(notices), len(notices) > 0, calendar.China().Last()
			return out, nil
		})
}

type publicOut struct {
	Body struct {
		Days      []calendar.PublicDay `json:"days"`
		Notices   []string             `json:"notices" doc:"addresses of the notices they come from"`
		Announced bool                 `json:"announced" doc:"false: the year has no notice yet, its days are not known"`
		Last      int                  `json:"last_announced" doc:"the latest year with a notice"`
	}
}

func (s *Service) agreementRoutes(api *httpapi.API) {
	api.Tag("Agreements", "What is promised to whom, and on what it rests.")
	httpapi.Handle(api, httpapi.Op{ID: "agreement-list", Method: "GET", Path: "/api/v1/agreements", Tag: "Agreements", Summary: "Agreements, latest versions", Perm: Read},
		func(ctx context.Context, in *struct {
			Kind  string `query:"kind" enum:"sla,ola,uc"`
			State string `query:"state" enum:"draft,active,retired"`
		}) (*agreementsOut, error) {
			list, err := s.Agreements(ctx, in.Kind, in.State)
			out := &agreementsOut{}
			out.Body.Items = list
			return out, err
		})
	httpapi.Handle(api, httpapi.Op{ID: "agreement-create", Method: "POST", Path: "/api/v1/agreements", Tag: "Agreements", Summary: "Draft an agreement", Perm: Manage, Status: 201},
		func(ctx context.Context, in *struct{ Body Agreement }) (*agreementOut, error) {
			in.Body.ID = ""
			return agreementReply(s.SaveAgreement(ctx, in.Body, 0))
		})
	httpapi.Handle(api, httpapi.Op{ID: "agreement-read", Method: "GET", Path: "/api/v1/agreements/{id}", Tag: "Agreements", Summary: "One agreement", Perm: Read},
		func(ctx context.Context, in *idIn) (*agreementOut, error) {
			return agreementReply(s.Agreement(ctx, in.ID))
		})
	httpapi.Handle(api, httpapi.Op{ID: "agreement-save", Method: "PUT", Path: "/api/v1/agreements/{id}", Tag: "Agreements", Summary: "Revise an agreement: a new version", Perm: Manage},
		func(ctx context.Context, in *agreementIn) (*agreementOut, error) {
			v, err := in.Version()
			if err != nil {
				return nil, err
			}
			in.Body.ID = in.ID
			return agreementReply(s.SaveAgreement(ctx, in.Body, v))
		})
	httpapi.Handle(api, httpapi.Op{ID: "agreement-activate", Method: "POST", Path: "/api/v1/agreements/{id}/activate", Tag: "Agreements", Summary: "Put the latest version in force", Perm: Manage},
		func(ctx context.Context, in *struct {
			ID   string `path:"id" maxLength:"40"`
			Body struct {
				Everywhere bool `json:"everywhere,omitempty" doc:"open records of earlier versions come under it too"`
			}
		}) (*agreementOut, error) {
			return agreementReply(s.Activate(ctx, in.ID, in.Body.Everywhere))
		})
	httpapi.Handle(api, httpapi.Op{ID: "agreement-retire", Method: "POST", Path: "/api/v1/agreements/{id}/retire", Tag: "Agreements", Summary: "Take an agreement out of force", Perm: Manage},
		func(ctx context.Context, in *idIn) (*agreementOut, error) {
			return agreementReply(s.Retire(ctx, in.ID))
		})
	httpapi.Handle(api, httpapi.Op{ID: "agreement-replay", Method: "POST", Path: "/api/v1/agreements/replay", Tag: "Agreements", Summary: "Which deadlines a change would move", Perm: Manage, Timeout: 5 * time.Minute},
		func(ctx context.Context, in *struct{ Body Proposal }) (*struct{ Body Replayed }, error) {
			out, err := s.Replay(ctx, in.Body)
			return &struct{ Body Replayed }{out}, err
		})
	httpapi.Handle(api, httpapi.Op{ID: "agreement-statistics", Method: "GET", Path: "/api/v1/agreements/statistics", Tag: "Agreements", Summary: "How promises were kept in a month", Perm: Read},
		func(ctx context.Context, in *struct {
			Month string `query:"month" required:"true" maxLength:"7" doc:"2026-03"`
		}) (*talliesOut, error) {
			list, err := s.Statistics(ctx, in.Month, s.shelf.always.Zone())
			out := &talliesOut{}
			out.Body.Items = list
			return out, err
		})
}

type talliesOut struct {
	Body struct {
		Items []Tally `json:"items"`
	}
}

// explainedOut has the shape of a calculation's answer: what holds for one holds for the other.
type explainedOut struct {
	Body struct {
		Results []Explained `json:"results"`
	}
}

func (s *Service) clockRoutes(api *httpapi.API) {
	httpapi.Handle(api, httpapi.Op{ID: "record-clocks", Method: "GET", Path: "/api/v1/records/{number}/clocks", Tag: "Agreements", Summary: "How a record's clocks stand, and why", Perm: process.ReadRecords},
		func(ctx context.Context, in *struct {
			Number string    `path:"number" maxLength:"40"`
			At     time.Time `query:"at" doc:"another instant than now"`
		}) (*explainedOut, error) {
			list, err := s.Explain(ctx, in.Number, in.At)
			out := &explainedOut{}
			out.Body.Results = list
			return out, err
		})
	httpapi.Handle(api, httpapi.Op{ID: "record-clock-review", Method: "PUT", Path: "/api/v1/records/{number}/clocks/{agreement}/{target}/review", Tag: "Agreements", Summary: "Say what became of a breach", Perm: Manage},
		func(ctx context.Context, in *struct {
			Number    string `path:"number" maxLength:"40"`
			Agreement string `path:"agreement" maxLength:"40"`
			Target    string `path:"target" maxLength:"40"`
			Body      Review
		}) (*struct{}, error) {
			return &struct{}{}, s.ReviewBreach(ctx, in.Number, in.Agreement, in.Target, in.Body)
		})
}
