package demo

import (
	"slices"
	"time"
)

// request plans one service request.
func (p *play) request(st story, site string, start time.Time, until string) *script {
	s := &script{p: p, story: st, plural: "requests", site: site, who: st.Main.Who, at: start, until: until, rush: until != ""}
	s.crew()
	s.then(0, 0, "registered", s.ask)
	s.then(5, 40, s.classifiedAs(), func() error {
		body := fields("kind_of_request", st.Main.Kind, "impact", "low", "urgency", one(p, []string{"low", "medium"}), "handling_requirement", s.requirement())
		if st.Main.Approver != "" {
			body["approver"] = p.ids[st.Main.Approver]
		}
		return s.move(s.desk, "classify", body)
	})
	if st.Main.Approver != "" {
		s.approve()
	}
	handler, group := s.l1, s.team1
	if slices.Contains([]string{"data_change", "data_statistics", "parameter", "application_change", "configuration"}, st.Main.Kind) {
		handler, group = s.l2, s.team2
	}
	if st.Main.Kind == "usage_help" || st.Main.Kind == "user_data" {
		handler = s.desk
		s.then(3, 20, "fulfilling", func() error { return s.move(s.desk, "do_at_desk", nil) })
	} else {
		s.then(3, 30, "dispatched", func() error { return s.move(s.desk, "dispatch", map[string]any{"team": p.ids[group]}) })
		s.then(5, 60, "fulfilling", func() error { return s.move(handler, "accept", s.consented()) })
	}
	s.talk(handler, "waiting_customer", "answered")
	s.then(60, 900, "fulfilled", func() error { return s.move(handler, "fulfil", fields("fulfilment", st.Done)) })
	s.confirm("confirmed")
	s.closingRequest()
	return s
}

func (s *script) classifiedAs() string {
	if s.story.Main.Approver != "" {
		return "awaiting_approval"
	}
	return "approved"
}

func (s *script) ask() error {
	st := s.story
	body := fields("title", st.Title, "description", st.Text, "site", s.p.ids[s.site], "service", s.p.ids[st.Main.Service],
		"contact_phone", personOf(s.who).phone, "wanted_by", stamp(s.wanted()))
	if s.repeat {
		body["title"] = st.Title + "（" + siteName(s.site) + "）"
	}
	number, err := s.p.make(s.who, "/requests", "number", body)
	s.number = number
	return err
}

func (s *script) wanted() time.Time {
	if !s.due.IsZero() {
		return s.due
	}
	return s.p.now.Add(time.Duration(2+s.p.rng.IntN(6)) * 24 * time.Hour)
}

// approve finds the open approval on the record and answers it as the approver.
func (s *script) approve() {
	s.then(20, 400, "approved", func() error {
		record, err := s.p.send(s.story.Main.Approver, "GET", "/requests/"+s.number, nil)
		if err != nil {
			return err
		}
		list, _ := record["approvals"].([]any)
		for _, item := range list {
			a, _ := item.(map[string]any)
			if id, _ := a["id"].(string); a["state"] == "open" {
				_, err = s.p.send(s.story.Main.Approver, "POST", s.path("approvals/"+id), map[string]any{"decision": "approve", "reason": "同意"})
			}
		}
		return err
	})
}

// touching are the kinds of requests that touch the customer's live system.
var touching = []string{"data_change", "data_statistics", "application_change", "parameter", "hardware"}

// consented is the customer's consent, where the work does not start without it.
func (s *script) consented() map[string]any {
	if !slices.Contains(touching, s.story.Main.Kind) {
		return nil
	}
	return map[string]any{"customer_consent": map[string]any{
		"given": true, "by": personOf(s.who).name, "how": one(s.p, []string{"phone", "phone", "face", "im"}), "covers": []string{"content", "impact"},
		"at": stamp(s.p.now.Add(-2 * time.Minute)),
	}}
}

func (s *script) closingRequest() {
	s.then(5, 180, "closed", func() error { return s.move(s.desk, "close", nil) })
}
