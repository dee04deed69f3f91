package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/engine/notify/channel"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/jobs"
	"github.com/steward-ops/steward/internal/platform/work"
)

// The jobs of this package.
const (
	deliverJob = "notify.deliver"
	digestJob  = "notify.digest"
)

// delivering is what the courier may do; no role can hold it.
const delivering work.Perm = "notify.deliver"

var courierActor = work.System("notifier", delivering)

const (
	sendWithin = time.Minute
	// lease is for how long a courier that took a batch has it alone. It outlasts the sending, so that only the death of the
	// process lets another one send it again.
	lease = 3 * time.Minute
	// overdue is how late a delivery must be before the sweep doubts that its job still exists.
	overdue = 2 * time.Minute
)

// Reasons that are this package's own.
const (
	codeNotNeeded = "notify.known"
	codeForeign   = "notify.corrected"
	codeLeft      = "notify.left"
	codeOff       = "notify.channel_off"
	codeAddress   = "notify.no_address"
	codeRate      = "notify.rate"
	codeQuiet     = "notify.quiet"
	codeDigest    = "notify.digest"
)

// Courier carries what is to go out, in the background. It may run on many replicas at once.
type Courier struct{ s *Service }

// NewCourier makes the courier of a service.
func NewCourier(s *Service) *Courier { return &Courier{s} }

type deliverArgs struct {
	Batch string `json:"batch"`
}

type digestArgs struct {
	Person  string `json:"person"`
	Channel string `json:"channel"`
}

// Register says how the jobs of this package are done; before the queue starts.
func (c *Courier) Register(q *jobs.Queue) {
	q.Register(deliverJob, func(ctx context.Context, raw json.RawMessage) error {
		var args deliverArgs
		if err := json.Unmarshal(raw, &args); err != nil {
			return fmt.Errorf("read job: %w", err)
		}
		return c.deliver(ctx, args.Batch)
	})
	q.Register(digestJob, func(ctx context.Context, raw json.RawMessage) error {
		var args digestArgs
		if err := json.Unmarshal(raw, &args); err != nil {
			return fmt.Errorf("read job: %w", err)
		}
		return c.gather(ctx, args.Person, args.Channel)
	})
}

// enqueue wants a batch to be carried at an instant.
func enqueue(ctx context.Context, u *work.Unit, batch string, level Level, at time.Time) error {
	priority := 2
	if level == Urgent {
		priority = 1
	}
	return u.Enqueue(ctx, work.Job{Kind: deliverJob, Args: deliverArgs{batch}, Unique: batch, At: at, Priority: priority})
}

// parcel is a batch that is ready to go.
type parcel struct {
	batch      string
	channel    Channel
	driver     channel.Driver
	values     channel.Values
	message    channel.Message
	deliveries []delivery
}

// send hands the message over. What comes back holds none of the channel's secrets.
func (p parcel) send(ctx context.Context, network *channel.Network) (channel.Receipt, *channel.Failure) {
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	if p.values == nil {
		return channel.Receipt{}, &channel.Failure{Code: "channel.bad_settings"}
	}
	if !p.driver.Reaches(p.message.To) {
		return channel.Receipt{}, &channel.Failure{Code: codeAddress, Lasting: true}
	}
	secrets := secretsOf(p.channel.Kind, p.values)
	receipt, err := p.driver.Send(ctx, network, p.values, p.message)
	if err != nil {
		f := *channel.Explain(err)
		f.Answer = channel.Answer(f.Answer, secrets...)
		return channel.Receipt{}, &f
	}
	receipt.Answer = channel.Answer(receipt.Answer, secrets...)
	return receipt, nil
}

// secretsOf are the secret values, and what is secret within a secret address: its parameters and the parts of its path.
func secretsOf(kind string, v channel.Values) (out []string) {
	for _, f := range settingsOf(kind) {
		if !f.Secret || v[f.Name] == "" {
			continue
		}
		out = append(out, v[f.Name])
		u, err := url.Parse(v[f.Name])
		if f.Form != channel.URL || err != nil {
			continue
		}
		for _, part := range strings.Split(u.Path, "/") {
			if len(part) >= 8 {
				out = append(out, part)
			}
		}
		for _, values := range u.Query() {
			out = append(out, values...)
		}
	}
	return out
}

// deliver carries a batch: take it, send it outside of any transaction, write down what became of it. A job that is
// repeated finds nothing to take. Only a process that dies between sending and writing lets a message go out twice,
// under the same key.
func (c *Courier) deliver(ctx context.Context, batch string) error {
	ctx = work.WithActor(ctx, courierActor)
	var p parcel
	var ready bool
	err := c.s.door.Do(ctx, delivering, func(ctx context.Context, u *work.Unit) (err error) {
		u.Unrecorded() // deliveries are their own record
		p, ready, err = c.take(ctx, u, batch)
		return err
	})
	if err != nil || !ready {
		return err
	}
	receipt, failure := p.send(ctx, c.s.net)
	return c.s.door.Do(context.WithoutCancel(ctx), delivering, func(ctx context.Context, u *work.Unit) error {
		u.Unrecorded()
		if failure != nil {
			return c.failed(ctx, u, p, failure)
		}
		return c.sent(ctx, u, p, receipt)
	})
}

// lock reads what of a batch is still to be carried.
func lock(ctx context.Context, u *work.Unit, batch string) ([]delivery, error) {
	list, err := db.All(ctx, u.Tx, scanDelivery, selectDelivery+"WHERE batch = $1 AND state IN ('pending', 'held') ORDER BY id"+db.ForUpdate(u.Tx), batch)
	if err != nil {
		return nil, fmt.Errorf("read batch: %w", err)
	}
	return slices.DeleteFunc(list, delivery.waits), nil
}

// take gets a batch ready to go, or does with it what is to be done instead.
func (c *Courier) take(ctx context.Context, u *work.Unit, batch string) (p parcel, ready bool, err error) {
	p.batch = batch
	list, err := lock(ctx, u, batch)
	if err != nil || len(list) == 0 {
		return p, false, err
	}
	if at := later(list[0].next, list[0].claimed); at.After(u.Now()) {
		return p, false, enqueue(ctx, u, batch, list[0].level, at)
	}
	notices, err := noticesOf(ctx, u.Tx, list)
	if err != nil {
		return p, false, err
	}
	if p.deliveries, err = c.dropKnown(ctx, u, list, notices); err != nil || len(p.deliveries) == 0 {
		return p, false, err
	}
	person, err := party.LoadPerson(ctx, u.Tx, list[0].person)
	if missing(err) || err == nil && person.LeftAt != nil {
		return p, false, end(ctx, u, p.deliveries, StateGivenUp, codeLeft, "")
	}
	if err != nil {
		return p, false, err
	}
	if p.deliveries, err = c.dropForeign(ctx, u, p.deliveries, notices, person); err != nil || len(p.deliveries) == 0 {
		return p, false, err
	}
	if held, err := c.hold(ctx, u, p, person); held || err != nil {
		return p, false, err
	}
	if ready, err = c.board(ctx, u, &p, person); !ready || err != nil {
		return p, false, err
	}
	return p, true, c.s.compose(ctx, u, &p, person, notices)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// letter is what a notice says.
type letter struct {
	Notice
	id    string
	at    time.Time
	known bool // read or acknowledged
	acked bool

	customer string // whose the record is now
}

func noticesOf(ctx context.Context, tx db.Tx, list []delivery) (map[string]letter, error) {
	ids := make([]string, len(list))
	for i, d := range list {
		ids[i] = d.notice
	}
	w := db.NewWhere()
	found, err := db.All(ctx, tx, func(row db.Row) (l letter, err error) {
		var at, read, ack int64
		err = row.Scan(&l.id, &l.Kind, &l.Number, &l.Type, &l.Text.Zh, &l.Text.En, &at, &read, &l.Acknowledge, &ack, &l.customer)
		l.at, l.known, l.acked = clock.FromMillis(at), read != 0, ack != 0
		return l, err
	}, `SELECT n.id, n.kind, n.number, n.type, n.zh, n.en, n.at, n.read_at, n.ack, n.ack_at, COALESCE(r.customer_id, '')
		FROM notices n LEFT JOIN records r ON r.id = n.record_id WHERE `+db.Among(tx, w, "n.id", ids), w.Args()...)
	if err != nil {
		return nil, fmt.Errorf("read notices: %w", err)
	}
	out := make(map[string]letter, len(found))
	for _, l := range found {
		out[l.id] = l
	}
	return out, nil
}

// dropKnown gives up what the person has read in the application meanwhile; reading is not acknowledging.
func (c *Courier) dropKnown(ctx context.Context, u *work.Unit, list []delivery, notices map[string]letter) ([]delivery, error) {
	var known, open []delivery
	for _, d := range list {
		if l := notices[d.notice]; l.acked || l.known && !l.Acknowledge {
			known = append(known, d)
		} else {
			open = append(open, d)
		}
	}
	return open, end(ctx, u, known, StateGivenUp, codeNotNeeded, "")
}

// dropForeign gives up what is about a record that has turned out to be another customer's since.
func (c *Courier) dropForeign(ctx context.Context, u *work.Unit, list []delivery, notices map[string]letter, person party.Person) ([]delivery, error) {
	var foreign, own []delivery
	for _, d := range list {
		if customer := notices[d.notice].customer; person.Side == work.Customer && customer != "" && customer != person.Organisation {
			foreign = append(foreign, d)
		} else {
			own = append(own, d)
		}
	}
	return own, end(ctx, u, foreign, StateGivenUp, codeForeign, "")
}

// hold keeps back what does not hurry: for the digest, over quiet hours, until service hours.
func (c *Courier) hold(ctx context.Context, u *work.Unit, p parcel, person party.Person) (bool, error) {
	first := p.deliveries[0]
	if slices.ContainsFunc(p.deliveries, func(d delivery) bool { return d.level == Urgent }) {
		return false, nil
	}
	all, err := readWishes(ctx, u.Tx, []string{person.ID})
	if err != nil {
		return false, err
	}
	wishes, zone := all[person.ID], c.s.placeOf(person)
	if !first.digest && first.attempts == 0 && wishes.gathers(first.level) {
		at := wishes.nextDigest(u.Now(), zone)
		if err := keep(ctx, u, p.deliveries, StateHeld, codeDigest, "", at, true); err != nil {
			return true, err
		}
		return true, enqueueDigest(ctx, u, first, at)
	}
	at := wishes.after(u.Now(), zone, c.s.hours)
	if !at.After(u.Now()) {
		return false, nil
	}
	if err := keep(ctx, u, p.deliveries, StateHeld, codeQuiet, "", at, first.digest); err != nil {
		return true, err
	}
	return true, enqueue(ctx, u, p.batch, first.level, at)
}

func enqueueDigest(ctx context.Context, u *work.Unit, d delivery, at time.Time) error {
	return u.Enqueue(ctx, work.Job{Kind: digestJob, Args: digestArgs{d.person, d.channel}, At: at, Priority: 3,
		Unique: fmt.Sprintf("%s %s %d", d.person, d.channel, clock.Millis(at))})
}

// board finds the channel open, able to reach the person, and not over its rate, and takes the batch.
func (c *Courier) board(ctx context.Context, u *work.Unit, p *parcel, person party.Person) (bool, error) {
	var err error
	if p.channel, err = db.One(ctx, u.Tx, scanChannel, selectChannel+"WHERE c.id = $1", p.deliveries[0].channel); err != nil {
		return false, fmt.Errorf("read channel: %w", err)
	}
	if !p.channel.Enabled || p.channel.removed {
		return false, c.pass(ctx, u, p.deliveries, codeOff, "")
	}
	var known bool
	if p.driver, known = driverOf(p.channel.Kind); !known { // of a later release that was taken back
		return false, c.pass(ctx, u, p.deliveries, codeOff, "")
	}
	if !p.driver.Reaches(recipientOf(person)) {
		return false, c.pass(ctx, u, p.deliveries, codeAddress, "")
	}
	if p.values, err = c.s.open(p.channel); err != nil { // a failure like any other: another replica may have the key
		c.s.log.ErrorContext(ctx, "secrets of channel", "channel", p.channel.Name, "error", err)
		p.values = nil
	}
	wait, err := meter(ctx, u, p.channel)
	if err != nil {
		return false, err
	}
	if wait > 0 {
		return false, c.overRate(ctx, u, *p, wait)
	}
	now := clock.Millis(u.Now())
	_, err = u.Exec(ctx, `UPDATE notify_deliveries SET state = 'pending', code = '', attempts = attempts + 1, claimed_until = $2 WHERE batch = $1 AND state IN ('pending', 'held')`,
		p.batch, now+lease.Milliseconds())
	if err != nil {
		return false, fmt.Errorf("claim batch: %w", err)
	}
	return true, nil
}

// meter lets so many messages a minute pass, at most a minute's worth at once; else it tells how long to wait.
func meter(ctx context.Context, u *work.Unit, c Channel) (time.Duration, error) {
	if c.PerMinute <= 0 {
		return 0, nil
	}
	if _, err := u.Exec(ctx, "INSERT INTO notify_meters (channel, full_at) VALUES ($1, 0) ON CONFLICT DO NOTHING", c.ID); err != nil {
		return 0, fmt.Errorf("meter channel: %w", err)
	}
	full, err := db.One(ctx, u.Tx, db.Scan[int64], "SELECT full_at FROM notify_meters WHERE channel = $1"+db.ForUpdate(u.Tx), c.ID)
	if err != nil {
		return 0, fmt.Errorf("meter channel: %w", err)
	}
	now, minute := clock.Millis(u.Now()), time.Minute.Milliseconds()
	if full > now+minute { // the clock was set back
		full = now
	}
	full = max(full, now) + max(minute/c.PerMinute, 1)
	if over := full - now - minute; over > 0 {
		return time.Duration(over) * time.Millisecond, nil
	}
	if _, err := u.Exec(ctx, "UPDATE notify_meters SET full_at = $2 WHERE channel = $1", c.ID, full); err != nil {
		return 0, fmt.Errorf("meter channel: %w", err)
	}
	return 0, nil
}

// overRate passes a batch on to the next channel, or lets it wait for this one where there is no other.
func (c *Courier) overRate(ctx context.Context, u *work.Unit, p parcel, wait time.Duration) error {
	_, another, err := next(ctx, u, p.deliveries[0])
	if err != nil {
		return err
	}
	if another {
		return c.pass(ctx, u, p.deliveries, codeRate, "")
	}
	return again(ctx, u, p, codeRate, "", u.Now().Add(wait))
}

// again tries a batch on the same channel later.
func again(ctx context.Context, u *work.Unit, p parcel, code, answer string, at time.Time) error {
	if err := keep(ctx, u, p.deliveries, StatePending, code, answer, at, p.deliveries[0].digest); err != nil {
		return err
	}
	return enqueue(ctx, u, p.batch, p.deliveries[0].level, at)
}

// keep writes down that deliveries wait, and for what.
func keep(ctx context.Context, u *work.Unit, list []delivery, state State, code, answer string, at time.Time, digest bool) error {
	w := db.NewWhere(string(state), code, answer, clock.Millis(at), digest)
	w.In("id", idsOf(list))
	if _, err := u.Exec(ctx, "UPDATE notify_deliveries SET state = $1, code = $2, answer = $3, next_at = $4, digest = $5, claimed_until = 0 WHERE "+w.SQL(), w.Args()...); err != nil {
		return fmt.Errorf("keep deliveries: %w", err)
	}
	return nil
}

// end writes down that deliveries are over.
func end(ctx context.Context, u *work.Unit, list []delivery, state State, code, answer string) error {
	if len(list) == 0 {
		return nil
	}
	w := db.NewWhere(string(state), code, answer)
	w.In("id", idsOf(list))
	if _, err := u.Exec(ctx, "UPDATE notify_deliveries SET state = $1, code = $2, answer = $3, next_at = 0, claimed_until = 0 WHERE "+w.SQL(), w.Args()...); err != nil {
		return fmt.Errorf("end deliveries: %w", err)
	}
	return nil
}

func idsOf(list []delivery) []string {
	ids := make([]string, len(list))
	for i, d := range list {
		ids[i] = d.id
	}
	return ids
}

// next is the channel to try after one failed: the first in the person's order that the notice was not on yet.
func next(ctx context.Context, u *work.Unit, d delivery) (string, bool, error) {
	routes, err := routesFor(ctx, u.Tx, []string{d.person})
	if err != nil {
		return "", false, err
	}
	tried, err := db.All(ctx, u.Tx, db.Scan[string], "SELECT channel FROM notify_deliveries WHERE notice_id = $1", d.notice)
	if err != nil {
		return "", false, fmt.Errorf("read channels of notice: %w", err)
	}
	for _, channel := range routes.order(d.person, d.level) {
		if !slices.Contains(tried, channel) {
			return channel, true, nil
		}
	}
	return "", false, nil
}

// pass hands deliveries over to each one's next channel; what belonged together stays so. Without another channel they
// are given up.
func (c *Courier) pass(ctx context.Context, u *work.Unit, list []delivery, code, answer string) error {
	together := map[string]string{} // channel → batch
	for _, d := range list {
		to, found, err := next(ctx, u, d)
		if err != nil {
			return err
		}
		state := StateGivenUp
		if found {
			state = StateFailed
		}
		if err := end(ctx, u, []delivery{d}, state, code, answer); err != nil {
			return err
		}
		if !found {
			continue
		}
		if d.digest && together[to] == "" {
			together[to] = id.New()
		}
		if _, err := post(ctx, u, told{d.notice, d.person, d.level}, to, together[to], d.digest); err != nil {
			return err
		}
	}
	return nil
}

// sent writes down that the other side took the batch.
func (c *Courier) sent(ctx context.Context, u *work.Unit, p parcel, r channel.Receipt) error {
	state := StateSent
	if r.Confirmed {
		state = StateDelivered
	}
	_, err := u.Exec(ctx, `UPDATE notify_deliveries SET sent_at = $2, next_at = 0, claimed_until = 0, code = '', answer = $3,
		state = (SELECT CASE WHEN n.ack_at > 0 THEN 'acknowledged' WHEN n.read_at > 0 THEN 'read' ELSE $4 END FROM notices n WHERE n.id = notify_deliveries.notice_id)
		WHERE batch = $1 AND state IN ('pending', 'held')`, p.batch, clock.Millis(u.Now()), r.Answer, string(state))
	if err != nil {
		return fmt.Errorf("mark batch as sent: %w", err)
	}
	return nil
}

// failed decides what comes after a failure: the next channel, another attempt, or the end.
func (c *Courier) failed(ctx context.Context, u *work.Unit, p parcel, f *channel.Failure) error {
	list, err := lock(ctx, u, p.batch)
	if err != nil || len(list) == 0 {
		return err
	}
	p.deliveries = list
	_, another, err := next(ctx, u, list[0])
	if err != nil {
		return err
	}
	attempts, level := list[0].attempts, list[0].level
	c.s.log.WarnContext(ctx, "notice not delivered", "channel", p.channel.Name, "kind", p.channel.Kind, "batch", p.batch, "attempt", attempts, "code", f.Code, "answer", f.Answer)
	switch {
	case f.Lasting, another && f.Busy, attempts >= tries(level, another):
		return c.pass(ctx, u, list, f.Code, f.Answer)
	}
	return again(ctx, u, p, f.Code, f.Answer, u.Now().Add(max(pause(attempts), f.Wait)))
}

// gather puts what waits for a person's digest on a channel into one batch.
func (c *Courier) gather(ctx context.Context, person, channel string) error {
	return c.s.door.Do(work.WithActor(ctx, courierActor), delivering, func(ctx context.Context, u *work.Unit) error {
		u.Unrecorded()
		list, err := db.All(ctx, u.Tx, scanDelivery, selectDelivery+`WHERE person_id = $1 AND channel = $2 AND state = 'held' AND digest = TRUE AND batch = id AND next_at <= $3 ORDER BY id LIMIT 500`+db.ForUpdate(u.Tx),
			person, channel, clock.Millis(u.Now()))
		if err != nil {
			return fmt.Errorf("read digest: %w", err)
		}
		if len(list) == 0 {
			return nil
		}
		batch := id.New()
		w := db.NewWhere(batch)
		w.In("id", idsOf(list))
		if _, err := u.Exec(ctx, "UPDATE notify_deliveries SET batch = $1, state = 'pending', code = '' WHERE "+w.SQL(), w.Args()...); err != nil {
			return fmt.Errorf("gather digest: %w", err)
		}
		return enqueue(ctx, u, batch, list[0].level, u.Now())
	})
}

// due reads deliveries that should have gone out before an instant and that nobody is just carrying, one a batch.
func due(ctx context.Context, u *work.Unit, before time.Time) ([]delivery, error) {
	list, err := db.All(ctx, u.Tx, scanDelivery, selectDelivery+`WHERE state IN ('pending', 'held') AND next_at <= $1 AND claimed_until <= $2 ORDER BY next_at, id LIMIT 500`,
		clock.Millis(before), clock.Millis(u.Now()))
	if err != nil {
		return nil, fmt.Errorf("read due deliveries: %w", err)
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(d delivery) bool {
		key := d.batch
		if d.waits() {
			key = d.person + d.channel
		}
		twice := seen[key]
		seen[key] = true
		return twice
	}), nil
}

// Sweep puts jobs back into the queue that should be there: one may have died after too many failures of the database. It
// is a safety net, to be run every few minutes.
func (c *Courier) Sweep(ctx context.Context) error {
	return c.s.door.Do(work.WithActor(ctx, courierActor), delivering, func(ctx context.Context, u *work.Unit) error {
		u.Unrecorded()
		list, err := due(ctx, u, u.Now().Add(-overdue))
		if err != nil {
			return err
		}
		for _, d := range list {
			if d.waits() {
				err = enqueueDigest(ctx, u, d, u.Now())
			} else {
				err = enqueue(ctx, u, d.batch, d.level, u.Now())
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// How long the notes of deliveries are kept: a year, for what an agreement's year asks about, and a month to ask it. The
// notices themselves stay with their people and records.
const (
	deliveryKept = 400 * 24 * time.Hour
	forgetAtOnce = 1000
)

// Forget removes the notes of deliveries that ended long ago, the oldest first, a thousand in one go.
func (c *Courier) Forget(ctx context.Context) error {
	return c.s.door.Do(work.WithActor(ctx, courierActor), delivering, func(ctx context.Context, u *work.Unit) error {
		u.Unrecorded()
		_, err := u.Exec(ctx, `DELETE FROM notify_deliveries WHERE state NOT IN ('pending', 'held') AND created_at < $1
			AND id IN (SELECT id FROM notify_deliveries ORDER BY id LIMIT $2)`, clock.Millis(u.Now().Add(-deliveryKept)), forgetAtOnce)
		return err
	})
}

// Tick carries what is due by the clock, here and now, and tells how many batches that were: for a program whose clock is
// set by a test and whose jobs do not run.
func (c *Courier) Tick(ctx context.Context) (carried int, err error) {
	for range 100 { // what is carried may leave more to carry: the next channel, a digest
		var list []delivery
		err := c.s.door.Read(work.WithActor(ctx, courierActor), delivering, func(ctx context.Context, u *work.Unit) (err error) {
			list, err = due(ctx, u, u.Now())
			return err
		})
		if err != nil || len(list) == 0 {
			return carried, err
		}
		for _, d := range list {
			carried++
			if d.waits() {
				err = c.gather(ctx, d.person, d.channel)
			} else {
				err = c.deliver(ctx, d.batch)
			}
			if err != nil {
				return carried, err
			}
		}
	}
	return carried, nil
}

// Reseal seals the secrets anew that an older master key sealed, and tells how many.
func (c *Courier) Reseal(ctx context.Context) (changed int, err error) {
	err = c.s.door.Do(work.WithActor(ctx, courierActor), delivering, func(ctx context.Context, u *work.Unit) error {
		u.Unrecorded()
		changed = 0
		for _, at := range []struct{ table, key, column, aad string }{
			{"notify_channels", "id", "secrets", "notify.channel:"}, {"notify_keys", "name", "sealed", "notify.key:"},
		} {
			n, err := c.s.reseal(ctx, u, at.table, at.key, at.column, at.aad)
			if err != nil {
				return fmt.Errorf("reseal %s: %w", at.table, err)
			}
			changed += n
		}
		return nil
	})
	return changed, err
}

func (s *Service) reseal(ctx context.Context, u *work.Unit, table, key, column, aad string) (changed int, err error) {
	type sealed struct{ id, text string }
	list, err := db.All(ctx, u.Tx, func(row db.Row) (v sealed, err error) {
		err = row.Scan(&v.id, &v.text)
		return v, err
	}, "SELECT "+key+", "+column+" FROM "+table+" WHERE "+column+" <> ''"+db.ForUpdate(u.Tx))
	if err != nil {
		return 0, err
	}
	for _, v := range list {
		fresh, moved, err := s.seal.Rotate(v.text, aad+v.id)
		if err != nil {
			return changed, err
		}
		if !moved {
			continue
		}
		changed++
		if _, err := u.Exec(ctx, "UPDATE "+table+" SET "+column+" = $1 WHERE "+key+" = $2", fresh, v.id); err != nil {
			return changed, err
		}
	}
	return changed, nil
}

// timeForm is how messages write an instant, in the reader's zone.
const timeForm = "2006-01-02 15:04"

// compose words the message of a parcel.
func (s *Service) compose(ctx context.Context, u *work.Unit, p *parcel, person party.Person, notices map[string]letter) error {
	lang, zone := langOf(person), s.placeOf(person)
	m := channel.Message{ID: p.batch, At: u.Now(), Lang: lang, To: recipientOf(person)}
	first := notices[p.deliveries[0].notice]
	v := Variables{Person: person.Name, Count: len(p.deliveries)}
	kind, level := first.Kind, p.deliveries[0].level
	if len(p.deliveries) == 1 {
		v.Text, v.Number, v.Type, v.Time, v.Link = first.Text.In(lang), first.Number, first.Type, first.at.In(zone).Format(timeForm), s.recordLink(person, first.Number)
		m.Number, m.Type = first.Number, first.Type
		if first.Acknowledge && p.driver.Personal() { // in a group anybody could acknowledge for another
			link, err := s.acknowledgeLink(ctx, u, first.id)
			if err != nil {
				return err
			}
			v.Acknowledge = link
		}
	} else {
		kind, v.Text, v.Time, v.Link = DigestKind, lines(p.deliveries, notices, lang, zone), u.Now().In(zone).Format(timeForm), s.inboxLink(person)
	}
	v.Level = levelLabels[level].In(lang)
	if k, ok := kindOf(kind); ok {
		v.Kind = k.Label.In(lang)
	}
	err := s.word(ctx, u.Tx, &m, kind, level, v)
	p.message = m
	return err
}

// word fills the template. One that was saved and still fails falls back to the shipped wording: the notice matters more.
func (s *Service) word(ctx context.Context, tx db.Tx, m *channel.Message, kind string, level Level, v Variables) error {
	t, err := wording(ctx, tx, kind, m.Lang)
	if err != nil {
		return err
	}
	if m.Subject, m.Text, m.Short, err = t.render(v); err != nil {
		s.log.ErrorContext(ctx, "template of notice", "kind", kind, "lang", m.Lang, "error", err)
		if m.Subject, m.Text, m.Short, err = shippedFor(kind, m.Lang).render(v); err != nil {
			return err
		}
	}
	m.Subject = channel.Clip(m.Subject, 500)
	m.Kind, m.Level, m.Urgent, m.Link, m.Acknowledge = kind, string(level), level == Urgent, v.Link, v.Acknowledge
	return nil
}

// maxLines is how many notices a digest spells out.
const maxLines = 100

func lines(list []delivery, notices map[string]letter, lang text.Lang, zone *time.Location) string {
	var b strings.Builder
	for i, d := range list {
		if i == maxLines {
			b.WriteString("…\n")
			break
		}
		l := notices[d.notice]
		fmt.Fprintf(&b, "%s  %s\n", l.at.In(zone).Format("01-02 15:04"), channel.Clip(oneLine(l.Text.In(lang)), 300))
	}
	return strings.TrimRight(b.String(), "\n")
}

// recordLink is where the person sees the record.
func (s *Service) recordLink(person party.Person, number string) string {
	switch {
	case s.base == "" || number == "":
		return ""
	case person.Side == work.Customer:
		return s.base + "/portal/r/" + url.PathEscape(number)
	}
	return s.base + "/r/" + url.PathEscape(number)
}

// inboxLink is where the person sees all notices.
func (s *Service) inboxLink(person party.Person) string {
	switch {
	case s.base == "":
		return ""
	case person.Side == work.Customer:
		return s.base + "/portal"
	}
	return s.base + "/notifications"
}
