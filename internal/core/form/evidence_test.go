package form_test

import (
	"errors"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/work"
)

// ONS-20: nobody but the customer enters the customer's signature, whatever rule the caller brings.
func TestSignatureIsTheCustomers(t *testing.T) {
	fields := decode(t, everything)
	yes := func(string) bool { return true }
	actors := map[string]*work.Actor{
		"staff":     engineer,
		"system":    work.System("timer"),
		"supplier":  {ID: "s", OrgKind: work.Supplier},
		"nobody":    nil,
		"disguised": {ID: "x", OrgKind: work.Customer, System: true},
	}
	for name, actor := range actors {
		for _, in := range []string{`{"image": "f1"}`, `{"account": true}`, `{"code": "123456"}`} {
			p := setting()
			p.Actor, p.Plays, p.System = actor, yes, name == "system"
			p.Code = func(string) (bool, error) { return true, nil }
			values, _, err := fields.Parse(input(t, `{"signature": `+in+`}`), p)
			e := fault.As(err)
			if e == nil || e.Kind != fault.Forbidden || e.Code != "form.customer_signs" || len(e.Fields) != 1 || e.Fields[0].Name != "fields.signature" || values["signature"] != nil {
				t.Errorf("%s %s: %v %v", name, in, values, err)
			}
		}
	}
}

func TestSignature(t *testing.T) {
	fields := decode(t, everything)
	p := setting()
	p.Actor, p.Digest = customer, "digest of the sheet"
	values, faults, err := fields.Parse(input(t, `{"signature": {"image": "f1"}}`), p)
	if err != nil || len(faults) > 0 {
		t.Fatal(said(faults), err)
	}
	s := values.Map("signature")
	if s["by"] != "cust" || s["how"] != "image" || s["hash"] != p.SignatureHash("signature", s) {
		t.Error(s)
	}
	other := p
	other.Digest = "another sheet"
	if s["hash"] == other.SignatureHash("signature", s) {
		t.Error("the hash does not cover what was signed")
	}
	p.Old = values
	if again, faults, err := fields.Parse(input(t, `{"signature": `+mustJSON(t, s)+`}`), p); err != nil || len(faults) > 0 || again.Map("signature")["at"] != s["at"] {
		t.Error("sent back unchanged:", again, said(faults), err)
	}
	stranger := *customer
	stranger.ID = "other"
	p.Actor = &stranger
	for _, in := range []string{`{"image": "f2"}`, `null`} {
		if _, faults, err := fields.Parse(input(t, `{"signature": `+in+`}`), p); err != nil || said(faults) != "fields.signature form.signed" {
			t.Error(in, said(faults), err)
		}
	}
	p.Actor = engineer
	if _, _, err := fields.Parse(input(t, `{"signature": null}`), p); !fault.Is(err, fault.Forbidden) {
		t.Error("staff clears the signature:", err)
	}
}

func TestSignatureRefusals(t *testing.T) {
	fields := decode(t, everything)
	p := setting()
	p.Actor = customer
	p.Code = func(code string) (bool, error) {
		if code == "down" {
			return false, errors.New("down")
		}
		return code == "123456", nil
	}
	cases := []struct{ in, want string }{
		{`{}`, "fields.signature field.type"},
		{`{"image": "f1", "code": "123456"}`, "fields.signature field.type"},
		{`{"account": false}`, "fields.signature field.type"},
		{`{"code": "000000"}`, "fields.signature.code form.code"},
		{`{"image": "nofile"}`, "fields.signature.image field.missing"},
		{`{"by": "me", "account": true}`, "fields.signature.by field.unknown"},
		{`"x"`, "fields.signature field.type"},
		{`{"code": "123456"}`, ""},
		{`{"account": true}`, ""},
	}
	for _, c := range cases {
		if _, faults, err := fields.Parse(input(t, `{"signature": `+c.in+`}`), p); err != nil || said(faults) != c.want {
			t.Errorf("%s: %s %v", c.in, said(faults), err)
		}
	}
	if _, _, err := fields.Parse(input(t, `{"signature": {"code": "down"}}`), p); err == nil {
		t.Error("the code's error is lost")
	}
	p.Code = nil
	if _, faults, _ := fields.Parse(input(t, `{"signature": {"code": "123456"}}`), p); said(faults) != "fields.signature.code form.code" {
		t.Error("a code was taken unchecked")
	}
}

func TestChecklistKeepsWhoAndWhen(t *testing.T) {
	fields := decode(t, everything)
	p := setting()
	first, _, _ := fields.Parse(input(t, `{"preparation": {"id_card": true}}`), p)
	other := *engineer
	other.ID = "eng2"
	p.Actor, p.Now, p.Old = &other, now.Add(time.Hour), first
	second, faults, err := fields.Parse(input(t, `{"preparation": {"id_card": true, "badge": true}}`), p)
	list := second.Map("preparation")
	if err != nil || len(faults) > 0 || list["id_card"].(map[string]any)["by"] != "eng" || list["badge"].(map[string]any)["by"] != "eng2" {
		t.Error(second, said(faults), err)
	}
	f, _ := fields.Get("preparation")
	if !f.Complete(second["preparation"]) || f.Complete(first["preparation"]) || !f.Filled(second["preparation"]) {
		t.Error("complete")
	}
	p.Old = second
	third, _, _ := fields.Parse(input(t, `{"preparation": {"badge": null}}`), p)
	if open := f.Open(third["preparation"]); len(open) != 1 || open[0].Code != "badge" || f.Answered(third["preparation"]) {
		t.Error(open)
	}
	if _, faults, _ := fields.Parse(input(t, `{"preparation": null}`), p); said(faults) != "fields.preparation form.keep" {
		t.Error("cleared as a whole:", said(faults))
	}
}

func TestSignoffs(t *testing.T) {
	fields := decode(t, everything)
	p := setting()
	_, _, err := fields.Parse(input(t, `{"accepted": {"user": true}}`), p)
	if e := fault.As(err); e == nil || e.Kind != fault.Forbidden || e.Fields[0].Name != "fields.accepted.user" {
		t.Error("staff signs for the user:", err)
	}
	stranger := setting()
	stranger.Actor = &work.Actor{ID: "x", OrgKind: work.Provider}
	if _, _, err := fields.Parse(input(t, `{"accepted": {"ops": true}}`), stranger); !fault.Is(err, fault.Forbidden) || fault.As(err).Code != "form.not_yours" {
		t.Error("anybody signs for operation:", err)
	}
	p.Old, _, _ = fields.Parse(input(t, `{"accepted": {"ops": true}}`), p)
	p.Actor = customer
	signed, faults, err := fields.Parse(input(t, `{"accepted": {"ops": true, "user": {"done": true, "note": "同意"}}}`), p)
	f, _ := fields.Get("accepted")
	if err != nil || len(faults) > 0 || !f.Complete(signed["accepted"]) {
		t.Error(signed, said(faults), err)
	}
	p.Old, p.Actor = signed, &work.Actor{ID: "eng9", OrgKind: work.Provider, Grants: engineer.Grants}
	if _, faults, _ := fields.Parse(input(t, `{"accepted": {"ops": false}}`), p); said(faults) != "fields.accepted.ops form.signed" {
		t.Error("another withdraws it:", said(faults))
	}
	p.Actor = engineer
	withdrawn, faults, err := fields.Parse(input(t, `{"accepted": {"ops": false}}`), p)
	if err != nil || len(faults) > 0 || f.Complete(withdrawn["accepted"]) {
		t.Error(withdrawn, said(faults), err)
	}
}

func TestRolesAreTheCallers(t *testing.T) {
	fields := decode(t, everything)
	p := setting()
	p.Plays = func(role string) bool { return role == "customer(owner)" }
	if _, _, err := fields.Parse(input(t, `{"accepted": {"ops": true}}`), p); !fault.Is(err, fault.Forbidden) {
		t.Error("the caller's rule is not asked:", err)
	}
	if _, _, err := fields.Parse(input(t, `{"accepted": {"user": true}}`), p); !fault.Is(err, fault.Forbidden) {
		t.Error("the caller's rule beats ONS-20:", err)
	}
}
