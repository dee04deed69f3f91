package process

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/engine/definition"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// DefinitionInfo is a type with its versions.
type DefinitionInfo struct {
	Type      string           `json:"type"`
	Plural    string           `json:"plural"`
	Label     string           `json:"label"`
	Practice  string           `json:"practice"`
	Workflows []WorkflowInfo   `json:"workflows"`
	Versions  []VersionSummary `json:"versions"`
}

// WorkflowInfo names a workflow.
type WorkflowInfo struct {
	Code    string `json:"code"`
	Label   string `json:"label"`
	Default bool   `json:"default"`
}

// VersionSummary is one published version without its text.
type VersionSummary struct {
	Version     int       `json:"version"`
	Shipped     bool      `json:"shipped"`
	Current     bool      `json:"current"`
	Note        string    `json:"note"`
	PublishedBy string    `json:"by"`
	PublishedAt time.Time `json:"published_at"`
}

// Definitions lists the types with their versions, newest first.
func (s *Service) Definitions(ctx context.Context) (out []DefinitionInfo, err error) {
	err = s.door.Read(ctx, ReadDefinitions, func(ctx context.Context, u *work.Unit) error {
		stored, err := versionsOf(ctx, u.Tx)
		if err != nil {
			return err
		}
		var ids []string
		for _, v := range stored {
			ids = append(ids, v.PublishedBy)
		}
		names, err := party.Names(ctx, u.Tx, ids)
		if err != nil {
			return err
		}
		for _, def := range s.catalogue.Types() {
			info := DefinitionInfo{Type: def.Type, Plural: def.Plural, Label: def.Label.In(u.Actor.Lang), Practice: def.Practice, Workflows: []WorkflowInfo{}, Versions: []VersionSummary{}}
			for _, w := range def.Workflows {
				info.Workflows = append(info.Workflows, WorkflowInfo{Code: w.Name, Label: w.Value.Label.In(u.Actor.Lang), Default: w.Value.Default})
			}
			for i := len(stored) - 1; i >= 0; i-- {
				if v := stored[i]; v.Type == def.Type {
					info.Versions = append(info.Versions, VersionSummary{Version: v.Version, Shipped: v.Shipped, Current: v.Current, Note: v.Note, PublishedBy: names[v.PublishedBy], PublishedAt: v.PublishedAt})
				}
			}
			out = append(out, info)
		}
		return nil
	})
	return orEmpty(out), err
}

// DefinitionText is the YAML of a version.
func (s *Service) DefinitionText(ctx context.Context, typ string, version int) (source string, err error) {
	err = s.door.Read(ctx, ReadDefinitions, func(ctx context.Context, u *work.Unit) error {
		source, err = db.One(ctx, u.Tx, db.Scan[string], `SELECT source FROM definition_versions WHERE type = $1 AND version = $2`, typ, version)
		return err
	})
	return source, err
}

// CheckResult is what a check of a changed definition found.
type CheckResult struct {
	OK     bool               `json:"ok"`
	Errors []definition.Error `json:"errors"`
	Diff   []string           `json:"diff" doc:"states, transitions and fields added (+) and removed (-)"`
}

// CheckDefinition reads a changed definition and says what is wrong with it, or what it changes.
func (s *Service) CheckDefinition(ctx context.Context, typ, source string) (res CheckResult, err error) {
	err = s.door.Read(ctx, ManageDefinitions, func(ctx context.Context, u *work.Unit) error {
		res = CheckResult{Errors: []definition.Error{}, Diff: []string{}}
		t, err := s.catalogue.Check(typ, []byte(source))
		var wrong definition.Errors
		if errors.As(err, &wrong) {
			res.Errors = wrong
			return nil
		}
		if err != nil {
			return err
		}
		res.OK = true
		if old, ok := s.catalogue.Current(typ); ok {
			res.Diff = orEmpty(difference(old, t))
		}
		return nil
	})
	return res, err
}

// PublishDefinition makes a changed definition the current one. New records follow it; running ones keep theirs (PLT-01).
func (s *Service) PublishDefinition(ctx context.Context, typ, source, note string) (version int, err error) {
	err = s.door.Do(ctx, ManageDefinitions, func(ctx context.Context, u *work.Unit) error {
		if !u.Actor.MayFor(ManageDefinitions, "", typ) { // it is for every customer
			return fault.Denied()
		}
		t, err := s.catalogue.Check(typ, []byte(source))
		var wrong definition.Errors
		if errors.As(err, &wrong) {
			e := fault.New(fault.Invalid, "process.bad_definition", text.Params{"count": len(wrong)})
			e.Data = map[string]any{"mistakes": wrong}
			e.Fields = []fault.Field{{Name: "yaml", Code: "process.bad_definition", Params: text.Params{"count": len(wrong)}}}
			return e
		}
		if err != nil {
			return err
		}
		if err := db.Lock(ctx, u.Tx, "definitions"); err != nil {
			return err
		}
		last, err := db.One(ctx, u.Tx, db.Scan[int], `SELECT MAX(version) FROM definition_versions WHERE type = $1`, typ)
		if err != nil {
			return err
		}
		version = last + 1
		err = insertVersion(ctx, u.Tx, VersionInfo{Type: typ, Version: version, Source: source, Current: true, Note: strings.TrimSpace(note), PublishedBy: u.Actor.ID})
		if err != nil {
			return err
		}
		if err := indexFields(ctx, u.Tx, t); err != nil {
			return err
		}
		u.AfterCommit(func() { s.catalogue.take(t, version); s.changed() })
		if err := s.tellDefinitions(ctx, u); err != nil {
			return err
		}
		_, err = u.Record(ctx, work.Event{Stream: "definition:" + typ, Kind: "definition.published", Subject: "definition", Number: typ,
			Data: map[string]any{"version": version, "note": note}})
		return err
	})
	return version, err
}

// take makes a version that this replica just published the current one.
func (c *Catalogue) take(t *definition.Type, version int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t.Version = version
	c.versions[t.Type][version] = t
	c.current[t.Type] = version
	c.epoch++
}

func difference(old, changed *definition.Type) []string {
	a, b := parts(old), parts(changed)
	var out []string
	for _, name := range b.order {
		if !a.has[name] {
			out = append(out, "+ "+name)
		}
	}
	for _, name := range a.order {
		if !b.has[name] {
			out = append(out, "- "+name)
		}
	}
	return out
}

type partList struct {
	order []string
	has   map[string]bool
}

func parts(t *definition.Type) partList {
	p := partList{has: map[string]bool{}}
	add := func(name string) {
		p.order = append(p.order, name)
		p.has[name] = true
	}
	for _, f := range t.Fields {
		add("field " + f.Name)
	}
	for _, w := range t.Workflows {
		add("workflow " + w.Name)
		for _, s := range w.Value.States {
			add("state " + w.Name + "." + s.Name)
		}
		for _, x := range w.Value.Transitions {
			add("transition " + w.Name + "." + x.Name)
		}
	}
	for _, x := range t.Timers {
		add("timer " + x.Name)
	}
	for _, x := range t.Approvals {
		add("approval " + x.Name)
	}
	return p
}

// Diagram is a workflow as states and arrows.
type Diagram struct {
	States      []DiagramState `json:"states"`
	Transitions []DiagramArrow `json:"transitions"`
}

// DiagramState is a node.
type DiagramState struct {
	Code    string `json:"code"`
	Label   string `json:"label"`
	Kind    string `json:"kind"`
	Initial bool   `json:"initial"`
}

// DiagramArrow is an edge.
type DiagramArrow struct {
	Code  string   `json:"code"`
	Label string   `json:"label"`
	From  string   `json:"from"`
	To    string   `json:"to"`
	By    []string `json:"by"`
}

// DrawDefinition gives a workflow's diagram; version 0 = the current one, workflow "" = the default.
func (s *Service) DrawDefinition(ctx context.Context, typ, workflow string, version int) (d Diagram, err error) {
	err = s.door.Read(ctx, ReadRecords, func(ctx context.Context, u *work.Unit) error {
		if u.Actor.OrgKind != work.Provider { // how the provider works inside is no business of the customer
			return fault.Denied()
		}
		def, ok := s.catalogue.Current(typ)
		if version != 0 {
			def, ok = s.catalogue.Version(typ, version)
		}
		if !ok {
			return fault.Missing()
		}
		flow := def.DefaultWorkflow()
		if workflow != "" {
			if flow, ok = def.Workflow(workflow); !ok {
				return fault.Missing()
			}
		}
		d = Draw(def, flow, u.Actor.Lang, s.roles())
		return nil
	})
	return d, err
}

// Draw makes the diagram of a workflow.
func Draw(def *definition.Type, flow *definition.Workflow, lang text.Lang, roles map[string]text.Label) Diagram {
	d := Diagram{States: []DiagramState{}, Transitions: []DiagramArrow{}}
	for _, s := range flow.States {
		d.States = append(d.States, DiagramState{Code: s.Name, Label: s.Value.Label.In(lang), Kind: string(s.Value.Kind), Initial: s.Name == flow.Initial})
	}
	for i := range flow.Transitions {
		t := &flow.Transitions[i].Value
		for _, from := range t.From {
			by := []string{}
			for _, who := range t.Actors(from) {
				if a, err := definition.ParseActor(who); err == nil && a.Name != "not" {
					by = append(by, definition.ActorLabel(a, roles).In(lang))
				}
			}
			for _, to := range t.Targets() {
				if to == "=" {
					to = from
				}
				d.Transitions = append(d.Transitions, DiagramArrow{Code: t.Code, Label: t.Label.In(lang), From: from, To: to, By: by})
			}
		}
	}
	for i := range def.Approvals {
		d.approval(&def.Approvals[i].Value, flow, lang)
	}
	return d
}

func (d *Diagram) approval(a *definition.Approval, flow *definition.Workflow, lang text.Lang) {
	if _, ok := flow.State(a.Opens); !ok {
		return
	}
	for _, to := range []string{a.Approved, a.Refused} {
		if _, ok := flow.State(to); ok {
			d.Transitions = append(d.Transitions, DiagramArrow{Code: a.Code, Label: a.Label.In(lang), From: a.Opens, To: to, By: []string{}})
		}
	}
}
