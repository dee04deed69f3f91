package search_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/core/search"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/db/dbtest"
	"github.com/steward-ops/steward/internal/platform/work"
)

var (
	start = time.Date(2025, 3, 4, 0, 0, 0, 0, time.UTC)
	bg    = context.Background()
	all   = work.Scope{All: true}
)

func each(t *testing.T, fn func(t *testing.T, d *db.DB)) {
	t.Helper()
	dbtest.Each(t, fn, dbtest.Clock(clock.NewManual(start)), dbtest.Migrations(search.Migrations))
}

func put(t testing.TB, d *db.DB, docs ...search.Doc) {
	t.Helper()
	err := d.Write(bg, func(tx db.Tx) error {
		for _, doc := range docs {
			if err := search.Put(bg, tx, doc); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func find(t testing.TB, d *db.DB, q search.Query) (hits []search.Hit, more bool) {
	t.Helper()
	err := d.Read(bg, func(tx db.Tx) (err error) {
		hits, more, err = search.Find(bg, tx, q)
		return err
	})
	if err != nil {
		t.Fatalf("%q: %v", q.Text, err)
	}
	return hits, more
}

func ids(hits []search.Hit) string {
	list := make([]string, len(hits))
	for i, h := range hits {
		list[i] = h.RecordID
	}
	return strings.Join(list, " ")
}

func TestFindWords(t *testing.T) {
	docs := []search.Doc{
		{RecordID: "a", Public: "INC-2026-00042 打印机卡纸，三楼网络正常", Internal: "怀疑硒鼓"},
		{RecordID: "b", Public: "INC-2026-00142 Printers are printing slowly on SRV01", Internal: "firmware 10.2.3.4 upgraded"},
		{RecordID: "c", Public: "INC-2027-00042 网络 故障；络 ＳＡＰ系统 打 印 机", Internal: "联系 li.qiang@example.com"},
		{RecordID: "d", Public: "REQ-2026-00007 申请 VPN 账号 user_name=zhang3 at /var/log", Internal: ""},
	}
	cases := []struct{ query, want string }{
		{"打印机", "a"}, {"打印", "a"}, {"印", "c a"}, {"机", "c a"}, {"纸", "a"}, {"络", "c a"}, {"打印机卡纸", "a"}, {"打 印 机", "c a"},
		{"网络故障", ""}, {"网络 故障", "c"}, {"故障 网络", "c"}, {"正常", "a"}, {"卡纸三楼", ""}, {"\"卡纸 三楼\"", "a"}, {"“打印机”", "a"}, {"「打印机卡」", "a"},
		{"硒鼓", "a"}, {"打印机 硒鼓", "a"},
		{"print", "b"}, {"printer", "b"}, {"PRINTING", "b"}, {"slowly", "b"}, {"srv01", "b"}, {"srv", ""}, {"ｓｒｖ０１", "b"}, {"sap", "c"}, {"SAP系统", "c"},
		{"\"printing slowly\"", "b"}, {"\"slowly printing\"", ""}, {"slowly printing", "b"}, {"the printers", "b"}, {"are", "b"},
		{"INC-2026-00042", "a"}, {"inc-2026-42", "a"}, {"ＩＮＣ－２０２６－０００４２", "a"}, {"00042", "c a"}, {"42", "c a"}, {"2026", "d b a"}, {"INC-2026", "b a"}, {"7", "d"}, {"142", "b"},
		{"10.2.3.4", "b"}, {"4.3.2.10", ""}, {"10.2", "b"}, {"li.qiang@example.com", "c"}, {"example.com", "c"}, {"qiang", "c"},
		{"user_name", "d"}, {"zhang3", "d"}, {"/var/log", "d"}, {"var log", "d"}, {"VPN 账号", "d"},
		{"", ""}, {"   ", ""}, {"!!!", ""}, {"nothing", ""}, {"\"\"", ""}, {"\"打印", "a"},
		{"打印机 OR 网络", "a"}, {"打印机 NOT 网络", ""}, {"打印*", "a"}, {"public:打印机", ""}, {"_call", ""}, {"_t", ""},
	}
	each(t, func(t *testing.T, d *db.DB) {
		for _, doc := range docs {
			doc.Type, doc.At = "incident", start
			put(t, d, doc)
		}
		for _, c := range cases {
			if hits, _ := find(t, d, search.Query{Text: c.query, Scope: all, Internal: true}); ids(hits) != c.want {
				t.Errorf("%q: %q, want %q", c.query, ids(hits), c.want)
			}
		}
	})
}

func TestScope(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		put(t, d,
			search.Doc{RecordID: "a", Type: "incident", Customer: "c1", Requester: "p1", Public: "打印机", Internal: "秘密 secret", At: start},
			search.Doc{RecordID: "b", Type: "request", Customer: "c1", Requester: "p2", Public: "打印机 secret", At: start},
			search.Doc{RecordID: "c", Type: "incident", Customer: "c2", Requester: "p3", Public: "打印机", At: start},
			search.Doc{RecordID: "d", Type: "leave", Public: "打印机", Internal: "打印机", At: start},
		)
		many := make([]string, 80)
		for i := range many {
			many[i] = fmt.Sprintf("x%d", i)
		}
		cases := []struct {
			name string
			q    search.Query
			want string
		}{
			{"all", search.Query{Text: "打印机", Scope: all}, "d c b a"},
			{"nobody", search.Query{Text: "打印机"}, ""},
			{"one customer", search.Query{Text: "打印机", Scope: work.Scope{Customers: []string{"c1"}}}, "b a"},
			{"two customers", search.Query{Text: "打印机", Scope: work.Scope{Customers: []string{"c1", "c2"}}}, "c b a"},
			{"many customers", search.Query{Text: "打印机", Scope: work.Scope{Customers: append(many, "c1", "c2")}}, "c b a"},
			{"hostile customer", search.Query{Text: "打印机", Scope: work.Scope{Customers: []string{`c1" OR "c2`, "'"}}}, ""},
			{"own", search.Query{Text: "打印机", Scope: work.Scope{Customers: []string{"c1"}, Own: "p1"}}, "a"},
			{"own and watched", search.Query{Text: "打印机", Scope: work.Scope{Customers: []string{"c1"}, Own: "p1"}, OwnIDs: []string{"b", "c"}}, "b a"},
			{"types", search.Query{Text: "打印机", Scope: all, Types: []string{"incident"}}, "c a"},
			{"no types", search.Query{Text: "打印机", Scope: all, Types: []string{}}, ""},
			{"internal for staff", search.Query{Text: "secret", Scope: all, Internal: true}, "b a"},
			{"internal hidden", search.Query{Text: "secret", Scope: all}, "b"},
			{"internal hidden, one character", search.Query{Text: "秘", Scope: all}, ""},
			{"internal hidden, phrase", search.Query{Text: `"秘密 secret"`, Scope: all}, ""},
			{"across both", search.Query{Text: "打印机 秘密", Scope: all, Internal: true}, "a"},
			{"across both hidden", search.Query{Text: "打印机 秘密", Scope: all}, ""},
			{"tags are no words", search.Query{Text: "_cc1", Scope: all, Internal: true}, ""},
			{"tags are no words", search.Query{Text: "incident", Scope: all, Internal: true}, ""},
			{"before", search.Query{Text: "打印机", Scope: all, Before: 3}, "b a"},
		}
		for _, c := range cases {
			if hits, _ := find(t, d, c.q); ids(hits) != c.want {
				t.Errorf("%s: %q, want %q", c.name, ids(hits), c.want)
			}
		}
	})
}

func TestPutReplacesAndRemoves(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		doc := search.Doc{RecordID: "a", Type: "incident", Customer: "c1", Public: "打印机", At: start}
		put(t, d, doc, search.Doc{RecordID: "z", Type: "incident", Public: "打印机 交换机", At: start})
		put(t, d, doc)
		doc.Public, doc.Customer = "交换机", "c2"
		put(t, d, doc)
		check := func(text string, scope work.Scope, want string) {
			t.Helper()
			if hits, _ := find(t, d, search.Query{Text: text, Scope: scope, Internal: true}); ids(hits) != want {
				t.Errorf("%s: %q, want %q", text, ids(hits), want)
			}
		}
		check("打印机", all, "z")
		check("交换机", all, "z a") // in the order of registration
		check("交换机", work.Scope{Customers: []string{"c1"}}, "")
		check("交换机", work.Scope{Customers: []string{"c2"}}, "a")
		err := d.Write(bg, func(tx db.Tx) error { return search.Remove(bg, tx, "z") })
		if err != nil {
			t.Fatal(err)
		}
		check("交换机", all, "a")
		_ = d.Write(bg, func(tx db.Tx) error {
			if err := search.Put(bg, tx, search.Doc{RecordID: "y", Public: "交换机", At: start}); err != nil {
				t.Fatal(err)
			}
			return fmt.Errorf("changed my mind")
		})
		check("交换机", all, "a")
	})
}

func TestPages(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		for i := range 25 {
			put(t, d, search.Doc{RecordID: fmt.Sprintf("r%02d", i), Public: "网络", At: start.Add(time.Duration(i))})
		}
		var seen []string
		q := search.Query{Text: "网络", Scope: all, Limit: 10}
		for {
			hits, more := find(t, d, q)
			for _, h := range hits {
				seen = append(seen, h.RecordID)
			}
			if !more {
				break
			}
			q.Before = hits[len(hits)-1].Seq
		}
		if len(seen) != 25 || seen[0] != "r24" || seen[24] != "r00" {
			t.Error(seen)
		}
	})
}

// A long text is cut alike on both databases, and what PostgreSQL cannot hold is never sent.
func TestHugeText(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var han, latin strings.Builder
	for range 60_000 {
		han.WriteRune('一' + rune(r.IntN(20_000)))
		fmt.Fprintf(&latin, "%x ", r.Uint64())
	}
	latin.WriteString(strings.Repeat("a", 100_000))
	each(t, func(t *testing.T, d *db.DB) {
		put(t, d,
			search.Doc{RecordID: "a", Public: "开头 " + han.String(), Internal: han.String(), At: start},
			search.Doc{RecordID: "b", Public: "开头 " + latin.String(), Internal: strings.Repeat("网络", 30_000) + " 结尾", At: start},
		)
		if hits, _ := find(t, d, search.Query{Text: "开头", Scope: all}); ids(hits) != "b a" {
			t.Error(ids(hits))
		}
		if hits, _ := find(t, d, search.Query{Text: string([]rune(han.String())[500:520]), Scope: all}); ids(hits) != "a" {
			t.Error(ids(hits))
		}
	})
}

// Both databases find the same, and all that plain reading would find.
func TestRecall(t *testing.T) {
	texts := corpus(2000)
	queries := []string{
		"网", "络", "障", "印", "网络", "故障", "打印", "服务器", "打印机", "网络故障", "打印机卡纸", "数据库连接超时", "交换机端口异常",
		"server", "printer", "timeout", "vpn", "error", "42", "00042", "INC-2026-00042", "INC-2026-01999", "服务器 timeout", "网 vpn", "10.0.0.7",
	}
	results := map[string][]string{}
	each(t, func(t *testing.T, d *db.DB) {
		for chunk := range slices.Chunk(texts, 500) {
			put(t, d, chunk...)
		}
		for _, q := range queries {
			got := everyHit(t, d, q)
			want := plainly(texts, q)
			hits := len(want)
			missed := slices.DeleteFunc(want, func(id string) bool { return slices.Contains(got, id) })
			if len(missed) > 0 {
				t.Errorf("%s: %d missed", q, len(missed))
			}
			if surplus := len(got) - hits; surplus > hits/50+2 { // pairs of Han characters may stand apart
				t.Errorf("%s: %d found that do not have it", q, surplus)
			}
			slices.Sort(got)
			results[q] = append(results[q], strings.Join(got, " "))
		}
	})
	for q, r := range results {
		if len(r) == 2 && r[0] != r[1] {
			t.Errorf("%s: the databases differ", q)
		}
	}
}

func everyHit(t *testing.T, d *db.DB, text string) []string {
	t.Helper()
	var found []string
	q := search.Query{Text: text, Scope: all, Internal: true, Limit: 200}
	for {
		hits, more := find(t, d, q)
		for _, h := range hits {
			found = append(found, h.RecordID)
		}
		if !more {
			return found
		}
		q.Before = hits[len(hits)-1].Seq
	}
}

// plainly reads every text: Han as a substring, words whole, numbers without their zeros.
func plainly(docs []search.Doc, query string) []string {
	var found []string
	for _, d := range docs {
		text := " " + strings.ToLower(d.Public+" "+d.Internal) + " "
		fits := true
		for _, word := range strings.Fields(strings.ToLower(query)) {
			switch {
			case word[0] >= 0x80:
				fits = fits && strings.Contains(text, word)
			case word == "42":
				fits = fits && (strings.Contains(text, "-00042 ") || strings.Contains(text, " 42 "))
			case word == "00042":
				fits = fits && strings.Contains(text, "-00042 ")
			default:
				fits = fits && strings.Contains(text, " "+word+" ")
			}
		}
		if fits {
			found = append(found, d.RecordID)
		}
	}
	return found
}

var (
	hans  = strings.Fields("网络 故障 打印机 卡纸 服务器 数据库 连接 超时 交换机 端口 异常 无法 登录 系统 缓慢 报警 磁盘 空间 不足 重启 之后 恢复 用户 反映 三楼 会议室 账号 权限 密码 邮件 发送 失败 升级 补丁 巡检 机房 空调 温度 过高 备份 任务 中断 网络故障 打印机卡纸 数据库连接超时")
	words = strings.Fields("server printer timeout vpn error switch port disk backup login 42 10.0.0.7 CPU memory SRV01")
	marks = []string{"", "", "", "，", "。", " ", "、"}
)

// sentence strings words together; words of Latin letters stand between blanks.
func sentence(r *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		if r.IntN(6) == 0 {
			b.WriteString(" " + words[r.IntN(len(words))] + " ")
			continue
		}
		b.WriteString(hans[r.IntN(len(hans))] + marks[r.IntN(len(marks))])
	}
	return b.String()
}

func corpus(n int) []search.Doc {
	r := rand.New(rand.NewPCG(7, 11))
	docs := make([]search.Doc, n)
	for i := range docs {
		docs[i] = search.Doc{
			RecordID: fmt.Sprintf("r%07d", i), Type: "incident", Customer: fmt.Sprintf("c%02d", i%40), Requester: fmt.Sprintf("p%d", i%500),
			Public:   fmt.Sprintf("INC-%d-%05d %s", 2026, i, sentence(r, 25)),
			Internal: sentence(r, 15),
			At:       start.Add(time.Duration(i) * time.Minute),
		}
	}
	return docs
}

func TestSimilar(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		docs := []search.Doc{
			{RecordID: "same", Customer: "c1", Public: "INC-2026-00001 三楼打印机卡纸", At: start.Add(50 * time.Hour)},
			{RecordID: "near", Customer: "c1", Public: "INC-2026-00002 打印机卡纸了，四楼", At: start.Add(51 * time.Hour)},
			{RecordID: "far", Customer: "c1", Public: "INC-2026-00003 数据库连接超时", At: start.Add(52 * time.Hour)},
			{RecordID: "theirs", Customer: "c2", Public: "INC-2026-00004 三楼打印机卡纸", At: start.Add(53 * time.Hour)},
			{RecordID: "hidden", Customer: "c1", Public: "INC-2026-00005 杂项", Internal: "三楼打印机卡纸", At: start.Add(54 * time.Hour)},
		}
		put(t, d, search.Doc{RecordID: "old", Customer: "c1", Public: "三楼打印机卡纸", At: start})
		put(t, d, docs...)
		like := func(text, customer string) []search.Likeness {
			var list []search.Likeness
			err := d.Read(bg, func(tx db.Tx) (err error) {
				list, err = search.Similar(bg, tx, text, customer, start.Add(24*time.Hour), 5)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		list := like("三楼的打印机卡纸", "c1")
		if len(list) != 2 || list[0].RecordID != "same" || list[1].RecordID != "near" || list[0].Score <= list[1].Score || list[0].Score > 1 {
			t.Errorf("%+v", list)
		}
		if list := like("三楼打印机卡纸", "c1"); list[0].Score < 0.999 {
			t.Errorf("the same text scores %v", list[0].Score)
		}
		for _, text := range []string{"", "?", "的", "完全无关内容", `" OR '`} {
			if list := like(text, "c1"); len(list) != 0 {
				t.Errorf("%q is like %+v", text, list)
			}
		}
		if list := like("三楼打印机卡纸", ""); len(list) != 0 {
			t.Errorf("without a customer: %+v", list)
		}
	})
}

func TestReindex(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		door := work.New(d, nil, nil, nil)
		docs := corpus(450)
		source := func(_ context.Context, _ *work.Unit, after string, limit int) ([]search.Doc, error) {
			i, _ := slices.BinarySearchFunc(docs, after, func(d search.Doc, id string) int { return strings.Compare(d.RecordID, id) })
			for i < len(docs) && docs[i].RecordID <= after {
				i++
			}
			return docs[i:min(i+limit, len(docs))], nil
		}
		ctx := work.WithActor(bg, work.System("search", search.Reindexing))
		for range 2 {
			if n, err := search.Reindex(ctx, door, source); err != nil || n != 450 {
				t.Fatal(n, err)
			}
		}
		if hits, _ := find(t, d, search.Query{Text: "INC-2026-00449", Scope: all}); ids(hits) != "r0000449" {
			t.Error(ids(hits))
		}
		if _, err := search.Reindex(bg, door, source); !fault.Is(err, fault.Unauthenticated) {
			t.Error(err)
		}
	})
}

func FuzzFind(f *testing.F) {
	for _, s := range []string{"打印机", `"a b" OR c*`, "a NEAR(b) ^c {public}:x", `'a':* & !b | c <-> d \`, "“x", "INC-2026-00042", "\x00\xff", "ﬀ ﷺ é̀ ß İ", "10.2.3.4:80/a_b"} {
		f.Add(s)
	}
	lite := dbtest.Open(f, dbtest.Migrations(search.Migrations))
	var postgres *db.DB
	if !testing.Short() {
		postgres = dbtest.Postgres(f, dbtest.Migrations(search.Migrations))
	}
	f.Fuzz(func(t *testing.T, text string) {
		var answers []string
		for _, d := range []*db.DB{lite, postgres} {
			if d == nil {
				continue
			}
			put(t, d, search.Doc{RecordID: "x", Public: text, At: start})
			hits, _ := find(t, d, search.Query{Text: text, Scope: all})
			answers = append(answers, ids(hits))
			customer := strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", "") // an id that the database has stored
			find(t, d, search.Query{Text: text, Scope: work.Scope{Customers: []string{customer}}, Types: []string{"t"}, Internal: true})
			_ = d.Read(bg, func(tx db.Tx) error {
				if _, err := search.Similar(bg, tx, text, "c1", start, 3); err != nil {
					t.Error(err)
				}
				return nil
			})
		}
		if len(answers) == 2 && answers[0] != answers[1] {
			t.Errorf("the databases differ: %q", answers)
		}
		marked(t, text)
	})
}

// marked wants ranges that lie within the text and do not overlap, and pieces that add up to it.
func marked(t *testing.T, text string) {
	end := 0
	for _, r := range search.Highlight(text, text) {
		if r.From < end || r.To <= r.From || r.To > len(text) {
			t.Fatalf("range %+v of %d", r, len(text))
		}
		end = r.To
	}
	var b strings.Builder
	for _, p := range search.Snippet(text, text, 1_000_000) {
		b.WriteString(p.Text)
	}
	if b.String() != text {
		t.Errorf("%q becomes %q", text, b.String())
	}
	search.Snippet(text, text, 5)
}
