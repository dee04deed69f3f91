package form

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/work"
)

// noteText is how long a remark on a line may be.
const noteText = 2_000

// actor is who acts, never nil.
func (r *reading) actor() *work.Actor {
	if r.p.Actor == nil {
		return &work.Actor{}
	}
	return r.p.Actor
}

// plays tells whether the actor is one of the roles. A role of the customer is only ever played by a person of the
// customer's side, whatever the caller's own rule says (ONS-20).
func (r *reading) plays(roles []string) bool {
	a := r.actor()
	return a.ID != "" && slices.ContainsFunc(roles, func(role string) bool {
		if Customers(role) && (a.OrgKind != work.Customer || a.System) {
			return false
		}
		if r.p.Plays != nil {
			return r.p.Plays(role)
		}
		return playsPlain(a, role)
	})
}

func playsPlain(a *work.Actor, role string) bool {
	switch {
	case Customers(role):
		return true
	case role == "staff":
		return a.Staff()
	case role == "supplier":
		return a.OrgKind == work.Supplier
	}
	return slices.ContainsFunc(a.Grants, func(g work.Grant) bool { return g.Role == role })
}

// maySign refuses, with 403, who signs in somebody's place.
func (r *reading) maySign(f *Field, path string, roles []string) bool {
	if r.plays(roles) {
		return true
	}
	code := "form.not_yours"
	if slices.ContainsFunc(roles, Customers) {
		code = "form.customer_signs"
	}
	params := text.Params{"label": f.Label}
	r.fail(&fault.Error{
		Kind: fault.Forbidden, Code: code, Params: params,
		Fields: []fault.Field{{Name: path, Code: code, Params: params}},
	})
	return false
}

// lines reads a change of a checklist or sign-off list: the lines named change, the others stay as they are.
func (r *reading) lines(f *Field, path string, raw json.RawMessage, old any, line lineReader) (any, bool) {
	m, ok := r.object(f, path, raw, f.Type)
	if !ok {
		return nil, false
	}
	codes := make([]string, len(f.Items))
	value, good := map[string]any{}, true
	for i, item := range f.Items {
		codes[i] = item.Code
		before := asMap(asMap(old)[item.Code])
		if given, named := m[item.Code]; named {
			var ok bool
			before, ok = line(f, item, path+"."+item.Code, given, before)
			good = good && ok
		}
		if before != nil {
			value[item.Code] = before
		}
	}
	good = r.strays(path, m, codes) && good
	if len(value) == 0 {
		return nil, good
	}
	return value, good
}

type lineReader func(f *Field, item Item, path string, raw json.RawMessage, before map[string]any) (map[string]any, bool)

func readChecklist(r *reading, f *Field, path string, raw json.RawMessage, old any) (any, bool) {
	return r.lines(f, path, raw, old, r.checkLine)
}

// checkLine reads true, false, or {done, na, note}. An answer that does not change keeps who gave it and when.
func (r *reading) checkLine(f *Field, item Item, path string, raw json.RawMessage, before map[string]any) (map[string]any, bool) {
	if isNull(raw) {
		return nil, true
	}
	line, ok := r.answer(f, path, raw)
	if !ok {
		return before, false
	}
	if line["na"] == true && !item.NA {
		r.fault(f, path+".na", "field.choice", nil)
		return before, false
	}
	if sameAnswer(line, before) {
		return before, true
	}
	return r.stamped(line), true
}

func sameAnswer(a, b map[string]any) bool {
	return b != nil && a["done"] == b["done"] && a["na"] == b["na"] && a["note"] == b["note"]
}

func (r *reading) answer(f *Field, path string, raw json.RawMessage) (map[string]any, bool) {
	var plain bool
	if json.Unmarshal(raw, &plain) == nil {
		return map[string]any{"done": plain}, true
	}
	m, ok := r.object(f, path, raw, Checklist)
	if !ok || !r.strays(path, m, []string{"done", "na", "note", "by", "at", "name"}) {
		return nil, false // by, at and name may come back as they were sent; they are never taken
	}
	done, doneOK := r.flag(f, path+".done", m["done"])
	na, naOK := r.flag(f, path+".na", m["na"])
	note, noteOK := r.note(f, path+".note", m["note"])
	line := map[string]any{"done": done && !na}
	if na {
		line["na"] = true
	}
	if note != "" {
		line["note"] = note
	}
	return line, doneOK && naOK && noteOK
}

func (r *reading) flag(f *Field, path string, raw json.RawMessage) (bool, bool) {
	if isNull(raw) {
		return false, true
	}
	v, ok := readBool(r, f, path, raw, nil)
	b, _ := v.(bool)
	return b, ok
}

func (r *reading) note(f *Field, path string, raw json.RawMessage) (string, bool) {
	if isNull(raw) {
		return "", true
	}
	s, ok := r.str(f, path, raw, true, Text)
	if ok && len([]rune(s)) > noteText {
		r.fault(f, path, "field.length", text.Params{"max": noteText})
		return "", false
	}
	return s, ok
}

// stamped adds who and when.
func (r *reading) stamped(m map[string]any) map[string]any {
	m["by"], m["at"] = r.actor().ID, stamp(r.p.Now)
	if name := r.actor().Name; name != "" {
		m["name"] = name
	}
	return m
}

func readSignoffs(r *reading, f *Field, path string, raw json.RawMessage, old any) (any, bool) {
	return r.lines(f, path, raw, old, r.signLine)
}

// signLine reads true, or {done, note}; null and false withdraw one's own.
func (r *reading) signLine(f *Field, item Item, path string, raw json.RawMessage, before map[string]any) (map[string]any, bool) {
	line := map[string]any{"done": false}
	if !isNull(raw) {
		var ok bool
		if line, ok = r.answer(f, path, raw); !ok {
			return before, false
		}
	}
	if sameAnswer(line, before) || (line["done"] != true && before == nil) {
		return before, true
	}
	roles := item.By
	if len(roles) == 0 {
		roles = f.By
	}
	if !r.maySign(f, path, roles) || !r.ownSignature(f, path, before) {
		return before, false
	}
	if line["done"] != true {
		return nil, true
	}
	delete(line, "na")
	return r.stamped(line), true
}

// ownSignature refuses to touch what somebody else signed.
func (r *reading) ownSignature(f *Field, path string, old any) bool {
	if m := asMap(old); m == nil || m["by"] == r.actor().ID {
		return true
	}
	r.fault(f, path, "form.signed", nil)
	return false
}

// The ways in which somebody may have consented when another writes it down.
var hows = []string{"phone", "face", "written", "mail", "im"}

// readConsent reads true, false, or {given, by, how, at, covers, note}. Who consents in person is written down as such;
// who writes down another's consent says whose it was and how it was given.
func readConsent(r *reading, f *Field, path string, raw json.RawMessage, old any) (any, bool) {
	m, ok := r.consentParts(f, path, raw)
	if !ok {
		return nil, false
	}
	given, ok := r.flag(f, path+".given", m["given"])
	if !ok {
		return nil, false
	}
	value := map[string]any{"given": given, "recorded_by": r.actor().ID}
	good := r.covered(f, path, m["covers"], given, value)
	good = r.consenter(f, path, m, value) && good
	good = r.consentTime(f, path+".at", m["at"], value) && good
	note, ok := r.note(f, path+".note", m["note"])
	if note != "" {
		value["note"] = note
	}
	if !good || !ok {
		return nil, false
	}
	if before := asMap(old); sameConsent(value, before) {
		return before, true
	}
	return value, true
}

// sameConsent tells whether a consent says again what is already written down.
func sameConsent(a, b map[string]any) bool {
	for _, key := range []string{"given", "by", "how", "note", "covers"} {
		if !same(a[key], b[key]) {
			return false
		}
	}
	return b != nil
}

func (r *reading) consentParts(f *Field, path string, raw json.RawMessage) (map[string]json.RawMessage, bool) {
	var plain bool
	if json.Unmarshal(raw, &plain) == nil {
		return map[string]json.RawMessage{"given": raw}, true
	}
	m, ok := r.object(f, path, raw, Consent)
	return m, ok && r.strays(path, m, []string{"given", "by", "name", "how", "at", "covers", "note", "recorded_by"})
}

func (r *reading) covered(f *Field, path string, raw json.RawMessage, given bool, value map[string]any) bool {
	codes, ok := r.codes(f, path+".covers", raw)
	if !ok {
		return false
	}
	var missing []text.Label
	covers := []any{}
	for _, item := range f.Covers {
		if slices.Contains(codes, item.Code) {
			covers = append(covers, item.Code)
		} else {
			missing = append(missing, item.Label)
		}
	}
	if given && len(missing) > 0 {
		r.fault(f, path+".covers", "form.covers", text.Params{"items": missing})
		return false
	}
	if len(covers) > 0 {
		value["covers"] = covers
	}
	return true
}

func (r *reading) codes(f *Field, path string, raw json.RawMessage) ([]string, bool) {
	if isNull(raw) {
		return nil, true
	}
	var codes []string
	if json.Unmarshal(raw, &codes) != nil {
		r.wrongType(f, path, Consent)
		return nil, false
	}
	for i, code := range codes {
		if _, ok := findItem(f.Covers, code); !ok {
			r.fault(f, index(path, i), "field.choice", nil)
			return nil, false
		}
	}
	return codes, true
}

// consenter says whose consent it is. For a "no" nobody need be named.
func (r *reading) consenter(f *Field, path string, m map[string]json.RawMessage, value map[string]any) bool {
	if r.plays([]string{f.Of}) {
		value["how"] = "account"
		value["by"], value["name"] = r.actor().ID, r.actor().Name
		return true
	}
	by, byOK := r.note(f, path+".by", m["by"])
	how, howOK := r.note(f, path+".how", m["how"])
	given := value["given"] == true
	if given && byOK && by == "" {
		r.fault(f, path+".by", "form.consent_by", nil)
	}
	if howOK && (given || how != "") && !slices.Contains(hows, how) {
		r.fault(f, path+".how", "form.consent_how", nil)
		howOK = false
	}
	put(value, "by", by)
	put(value, "how", how)
	return byOK && howOK && (by != "" || !given)
}

func put(m map[string]any, key, s string) {
	if s != "" {
		m[key] = s
	}
}

// consentTime takes the instant at which somebody consented, which may be earlier but not later than now.
func (r *reading) consentTime(f *Field, path string, raw json.RawMessage, value map[string]any) bool {
	at := r.p.Now
	if !isNull(raw) {
		given, ok := r.end(f, path, raw)
		if !ok {
			return false
		}
		at = given
	}
	if at.After(r.p.Now) {
		r.fault(f, path, "form.future", nil)
		return false
	}
	value["at"] = stamp(at)
	return true
}

// readSignature reads {image}, {code} or {account: true}. The value says who, how and when, and carries a hash over that
// and over what was signed, so that a later change of either shows.
func readSignature(r *reading, f *Field, path string, raw json.RawMessage, old any) (any, bool) {
	m, ok := r.object(f, path, raw, Signature)
	if !ok {
		return nil, false
	}
	if echoes(m, asMap(old)) {
		return old, true
	}
	if !r.strays(path, m, []string{"image", "code", "account"}) || !r.maySign(f, path, f.By) || !r.ownSignature(f, path, old) {
		return nil, false
	}
	value, ok := r.signed(f, path, m)
	if !ok {
		return nil, false
	}
	value = r.stamped(value)
	value["hash"] = r.p.SignatureHash(f.Name, value)
	return value, true
}

// echoes tells whether a client sent a stored signature back unchanged.
func echoes(m map[string]json.RawMessage, old map[string]any) bool {
	var hash string
	_ = json.Unmarshal(m["hash"], &hash)
	return hash != "" && old["hash"] == hash
}

// signed reads how somebody signs.
func (r *reading) signed(f *Field, path string, m map[string]json.RawMessage) (map[string]any, bool) {
	image, imageOK := r.note(f, path+".image", m["image"])
	code, codeOK := r.note(f, path+".code", m["code"])
	account, accountOK := r.flag(f, path+".account", m["account"])
	switch {
	case !imageOK || !codeOK || !accountOK:
		return nil, false
	case image != "" && code == "" && !account && len(image) <= 100:
		r.wants = append(r.wants, want{field: f, kind: "file", path: path + ".image", ids: []string{image}, take: func([]string) {}})
		return map[string]any{"how": "image", "image": image}, true
	case code != "" && image == "" && !account:
		return map[string]any{"how": "code"}, r.rightCode(f, path+".code", code)
	case account && image == "" && code == "":
		return map[string]any{"how": "account"}, true
	}
	r.wrongType(f, path, Signature)
	return nil, false
}

func (r *reading) rightCode(f *Field, path, code string) bool {
	if r.p.Code != nil {
		right, err := r.p.Code(code)
		if err != nil {
			r.fail(err)
			return false
		}
		if right {
			return true
		}
	}
	r.fault(f, path, "form.code", nil)
	return false
}

// SignatureHash is the hash a signature carries; p.Digest is the hash of what was signed.
func (p Parse) SignatureHash(field string, signature map[string]any) string {
	h := sha256.New()
	for _, part := range []string{field, p.Digest, str(signature, "by"), str(signature, "at"), str(signature, "how"), str(signature, "image")} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))
}

func str(m map[string]any, key string) string { s, _ := m[key].(string); return s }

var errNoSeal = errors.New("form: a secret was given but there is nothing to seal it with")

// readSecret seals a secret. The masked form {"set": true} sent back changes nothing.
func readSecret(r *reading, f *Field, path string, raw json.RawMessage, _ any) (any, bool) {
	var masked map[string]bool
	if json.Unmarshal(raw, &masked) == nil && len(masked) == 1 && masked["set"] {
		return nil, false
	}
	s, ok := r.secret(f, path, raw)
	if !ok || s == "" {
		return nil, ok
	}
	if _, ok := r.bounded(f, path, s, longText); !ok {
		return nil, false
	}
	if r.p.Seal == nil {
		r.fail(errNoSeal)
		return nil, false
	}
	sealed, err := r.p.Seal(s, f.Name)
	if err != nil {
		r.fail(err)
		return nil, false
	}
	return sealed, true
}

// secret reads a password or key as it is: spaces at its ends may be part of it.
func (r *reading) secret(f *Field, path string, raw json.RawMessage) (string, bool) {
	if _, ok := r.str(f, path, raw, true, Text); !ok {
		return "", false
	}
	var s string
	_ = json.Unmarshal(raw, &s)
	if strings.TrimSpace(s) == "" {
		return "", true
	}
	return s, true
}
