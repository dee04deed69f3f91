package notify

import (
	"testing"
	"time"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestQuietHoursOfTheClock(t *testing.T) {
	shanghai, berlin := zone(t, "Asia/Shanghai"), zone(t, "Europe/Berlin")
	for _, c := range []struct {
		name     string
		from, to string
		zone     *time.Location
		at, want string
	}{
		{"before", "22:00", "07:00", shanghai, "2026-10-15T21:59:59+08:00", "2026-10-15T21:59:59+08:00"},
		{"begins", "22:00", "07:00", shanghai, "2026-10-15T22:00:00+08:00", "2026-10-16T07:00:00+08:00"},
		{"after midnight", "22:00", "07:00", shanghai, "2026-10-16T06:59:59+08:00", "2026-10-16T07:00:00+08:00"},
		{"ends", "22:00", "07:00", shanghai, "2026-10-16T07:00:00+08:00", "2026-10-16T07:00:00+08:00"},
		{"within a day", "12:00", "13:30", shanghai, "2026-10-15T12:15:00+08:00", "2026-10-15T13:30:00+08:00"},
		{"none", "", "", shanghai, "2026-10-15T23:00:00+08:00", "2026-10-15T23:00:00+08:00"},
		{"empty", "08:00", "08:00", shanghai, "2026-10-15T08:00:00+08:00", "2026-10-15T08:00:00+08:00"},
		{"leap day", "22:00", "07:00", shanghai, "2028-02-28T23:00:00+08:00", "2028-02-29T07:00:00+08:00"},
		{"spring", "22:00", "07:00", berlin, "2026-03-28T23:00:00+01:00", "2026-03-29T07:00:00+02:00"},
		{"ends in the gap", "22:00", "02:30", berlin, "2026-03-28T23:00:00+01:00", "2026-03-29T03:30:00+02:00"},
		{"autumn", "22:00", "07:00", berlin, "2026-10-24T23:00:00+02:00", "2026-10-25T07:00:00+01:00"},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		want, err := time.Parse(time.RFC3339, c.want)
		if err != nil {
			t.Fatal(err)
		}
		if got := (wishes{From: c.from, To: c.to}).after(at, c.zone, nil); !got.Equal(want) {
			t.Errorf("%s: %v, want %v", c.name, got.In(c.zone), want)
		}
	}
}

// office is open from 09:00 to 10:00 UTC every day, or never.
type office struct{ never bool }

func (o office) NextOpen(t time.Time) (time.Time, bool) {
	y, m, d := t.UTC().Date()
	open := time.Date(y, m, d, 9, 0, 0, 0, time.UTC)
	switch {
	case t.Before(open):
		return open, !o.never
	case t.Before(open.Add(time.Hour)):
		return t, !o.never
	}
	return open.Add(24 * time.Hour), !o.never
}

func TestQuietAndServiceHoursTogether(t *testing.T) {
	now := time.Date(2026, 10, 15, 20, 0, 0, 0, time.UTC)
	w := wishes{From: "08:00", To: "09:30", Hold: true}
	if got := w.after(now, time.UTC, office{}); !got.Equal(time.Date(2026, 10, 16, 9, 30, 0, 0, time.UTC)) {
		t.Errorf("%v", got)
	}
	for name, hopeless := range map[string]time.Time{
		"quiet whenever it is open": (wishes{From: "08:00", To: "11:00", Hold: true}).after(now, time.UTC, office{}),
		"never open":                (wishes{Hold: true}).after(now, time.UTC, office{never: true}),
	} {
		if !hopeless.Equal(now.Add(week)) {
			t.Errorf("%s: %v", name, hopeless)
		}
	}
	if got := (wishes{Hold: true}).after(now, time.UTC, nil); !got.Equal(now) {
		t.Errorf("without service hours: %v", got)
	}
}

func TestNextDigest(t *testing.T) {
	shanghai, berlin, kolkata := zone(t, "Asia/Shanghai"), zone(t, "Europe/Berlin"), zone(t, "Asia/Kolkata")
	for _, c := range []struct {
		name     string
		w        wishes
		zone     *time.Location
		at, want string
	}{
		{"daily before", wishes{Digest: Daily}, shanghai, "2026-10-15T08:00:00+08:00", "2026-10-15T09:00:00+08:00"},
		{"daily at", wishes{Digest: Daily}, shanghai, "2026-10-15T09:00:00+08:00", "2026-10-16T09:00:00+08:00"},
		{"daily own time", wishes{Digest: Daily, DigestAt: "17:30"}, shanghai, "2026-10-15T17:29:59+08:00", "2026-10-15T17:30:00+08:00"},
		{"hourly", wishes{Digest: Hourly}, shanghai, "2026-10-15T08:00:00+08:00", "2026-10-15T09:00:00+08:00"},
		{"hourly, a zone of half hours", wishes{Digest: Hourly}, kolkata, "2026-10-15T08:10:00+05:30", "2026-10-15T09:00:00+05:30"},
		{"hourly in autumn", wishes{Digest: Hourly}, berlin, "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00"},
		{"hourly in autumn again", wishes{Digest: Hourly}, berlin, "2026-10-25T02:30:00+01:00", "2026-10-25T03:00:00+01:00"},
		{"hourly in spring", wishes{Digest: Hourly}, berlin, "2026-03-29T01:30:00+01:00", "2026-03-29T03:00:00+02:00"},
		{"daily in spring", wishes{Digest: Daily, DigestAt: "02:30"}, berlin, "2026-03-29T00:30:00+01:00", "2026-03-29T03:30:00+02:00"},
	} {
		at, _ := time.Parse(time.RFC3339, c.at)
		want, _ := time.Parse(time.RFC3339, c.want)
		got := c.w.nextDigest(at, c.zone)
		if !got.Equal(want) {
			t.Errorf("%s: %v, want %v", c.name, got.In(c.zone), want)
		}
	}
}

func TestPausesGrow(t *testing.T) {
	want := []time.Duration{15 * time.Second, time.Minute, 4 * time.Minute, 16 * time.Minute, 64 * time.Minute, 256 * time.Minute, 6 * time.Hour, 6 * time.Hour}
	for i, w := range want {
		if got := pause(i + 1); got != w {
			t.Errorf("%d: %v, want %v", i+1, got, w)
		}
	}
	if tries(Urgent, true) != 1 || tries(Normal, true) != 3 || tries(Urgent, false) != 8 {
		t.Error("tries")
	}
}
