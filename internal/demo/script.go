package demo

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"time"
)

// script is the course of one matter, planned before it is performed.
type script struct {
	p      *play
	story  story
	plural string
	number string // once it is registered
	call   string // the call it came from
	site   string
	who    string // the customer's person
	desk   string
	l1, l2 string
	l3     string
	team1  string
	team2  string
	repeat bool // told before, at another place

	at    time.Time
	rush  bool      // nobody waits for office hours
	until string    // label of the last step, "" = to the end
	over  bool      // that step is planned
	due   time.Time // when the customer expects it; zero = by weight
	steps []step
}

// then plans the next step after some minutes. Its label names where the matter stands afterwards.
func (s *script) then(low, high int, label string, do func() error) {
	if s.over {
		return
	}
	s.at = s.at.Add(s.p.between(low, high))
	if !s.rush {
		s.at = s.p.office(s.at)
	}
	what := s.story.Title + " · " + label
	s.steps = append(s.steps, step{s.at, what, do})
	s.over = label == s.until && s.until != ""
}

// office is the instant itself in the provider's office hours, else some time next morning.
func (p *play) office(at time.Time) time.Time {
	local := at.In(home)
	morning := time.Date(local.Year(), local.Month(), local.Day(), 8, 10, 0, 0, home)
	switch {
	case local.Before(morning):
		return morning.Add(p.between(0, 70))
	case local.Hour() >= 20:
		return morning.AddDate(0, 0, 1).Add(p.between(0, 70))
	}
	return at
}

// place puts the steps into the play. A matter that stops on the way ends shortly before the story does.
func (s *script) place(end time.Time) {
	if len(s.steps) == 0 {
		return
	}
	var shift time.Duration
	if !end.IsZero() {
		shift = end.Sub(s.steps[len(s.steps)-1].at)
	}
	for _, st := range s.steps {
		st.at = st.at.Add(shift)
		s.p.steps = append(s.p.steps, st)
	}
}

// path is the record's address with a step or part of it.
func (s *script) path(more string) string { return "/" + s.plural + "/" + s.number + "/" + more }

// move takes a transition as somebody.
func (s *script) move(as, transition string, body map[string]any) error {
	if body == nil {
		body = map[string]any{}
	}
	_, err := s.p.send(as, "POST", s.path(transition), body)
	return err
}

// say writes a comment.
func (s *script) say(as, text string, public bool) error {
	_, err := s.p.send(as, "POST", s.path("comments"), map[string]any{"body": text, "public": public})
	return err
}

// fields is a body without its empty members.
func fields(pairs ...any) map[string]any {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" && pairs[i+1] != nil {
			m[pairs[i].(string)] = pairs[i+1]
		}
	}
	return m
}

// rows makes a table of one column.
func rows(column string, texts []string) any {
	if len(texts) == 0 {
		return nil
	}
	list := make([]any, len(texts))
	for i, t := range texts {
		list[i] = map[string]any{column: t}
	}
	return list
}

// photo uploads a picture and answers its id.
func (p *play) photo(as string) (string, error) {
	data, err := p.drawing()
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("现场照片-%02d%02d.png", p.now.In(home).Hour(), p.now.In(home).Minute())
	return p.make(as, "/files", "id", File{Name: name, Type: "image/png", Data: data})
}

// drawing is a small picture: a device with a lamp that is lit or not.
func (p *play) drawing() ([]byte, error) {
	img := image.NewRGBA(image.Rect(0, 0, 320, 200))
	wall := color.RGBA{uint8(150 + p.rng.IntN(70)), uint8(150 + p.rng.IntN(70)), uint8(150 + p.rng.IntN(70)), 255}
	fill(img, img.Bounds(), wall)
	fill(img, image.Rect(60, 50, 260, 160), color.RGBA{52, 58, 66, 255})
	fill(img, image.Rect(76, 66, 200, 120), color.RGBA{20, 24, 30, 255})
	lamp := color.RGBA{200, 60, 50, 255}
	if p.chance(30) {
		lamp = color.RGBA{60, 160, 90, 255}
	}
	fill(img, image.Rect(222, 70, 236, 84), lamp)
	for i := range 6 {
		fill(img, image.Rect(80+20*i, 132, 92+20*i, 146), color.RGBA{90, 96, 104, 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, fmt.Errorf("draw a picture: %w", err)
	}
	return b.Bytes(), nil
}

func fill(img *image.RGBA, area image.Rectangle, c color.RGBA) {
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			img.SetRGBA(x, y, c)
		}
	}
}
