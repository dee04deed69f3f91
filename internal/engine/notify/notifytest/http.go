package notifytest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Request is what an HTTP server was asked.
type Request struct {
	Method, Path string
	Query        map[string][]string
	Header       http.Header
	Body         string
	JSON         map[string]any // of the body, nil where it is none
}

// Text is a text of the body by its path, "text.content".
func (r Request) Text(path string) string {
	var v any = r.JSON
	for name := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return fmt.Sprint(v)
}

// HTTP is a server that keeps what it was asked and answers as a protocol demands.
type HTTP struct {
	URL string

	mu      sync.Mutex
	seen    []Request
	queued  []Reply
	respond func(Request) Reply
}

// Reply is one answer.
type Reply struct {
	Status int
	Body   string
	Header map[string]string
}

// NewHTTP starts a server.
func NewHTTP(t testing.TB, respond func(Request) Reply) *HTTP {
	t.Helper()
	s := &HTTP{respond: respond}
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Answer sets what the next requests are answered, whatever they say.
func (s *HTTP) Answer(replies ...Reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queued = append(s.queued, replies...)
}

// Requests are all so far.
func (s *HTTP) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request{}, s.seen...)
}

func (s *HTTP) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	q := Request{Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(), Header: r.Header.Clone(), Body: string(body)}
	_ = json.Unmarshal(body, &q.JSON)
	s.mu.Lock()
	s.seen = append(s.seen, q)
	var a Reply
	if len(s.queued) > 0 {
		a, s.queued = s.queued[0], s.queued[1:]
		s.mu.Unlock()
	} else {
		s.mu.Unlock()
		a = s.respond(q)
	}
	for name, value := range a.Header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(max(a.Status, 200))
	_, _ = io.WriteString(w, a.Body)
}

func ok(body string) Reply { return Reply{Status: 200, Body: body} }

// Wecom is a group robot of WeCom with its key (developer.work.weixin.qq.com/document/path/91770).
func Wecom(t testing.TB, key string) *HTTP {
	t.Helper()
	return NewHTTP(t, func(r Request) Reply {
		switch {
		case r.Path != "/cgi-bin/webhook/send" || first(r.Query["key"]) != key:
			return ok(`{"errcode":93000,"errmsg":"invalid webhook url, hint: [1], more info at https://open.work.weixin.qq.com"}`)
		case r.Method != "POST" || r.Text("msgtype") != "text":
			return ok(`{"errcode":40008,"errmsg":"invalid message type"}`)
		case len(r.Text("text.content")) > 2048:
			return ok(`{"errcode":40058,"errmsg":"text.content exceed max length 2048"}`)
		}
		return ok(`{"errcode":0,"errmsg":"ok"}`)
	})
}

// DingTalk is a group robot of DingTalk that wants signatures (open.dingtalk.com, custom robot security settings): the
// timestamp in milliseconds is at most an hour from now.
func DingTalk(t testing.TB, token, secret string, now func() time.Time) *HTTP {
	t.Helper()
	return NewHTTP(t, func(r Request) Reply {
		if r.Path != "/robot/send" || first(r.Query["access_token"]) != token {
			return ok(`{"errcode":300005,"errmsg":"token is not exist"}`)
		}
		stamp := first(r.Query["timestamp"])
		ms, err := strconv.ParseInt(stamp, 10, 64)
		if err != nil || apart(time.UnixMilli(ms), now()) > time.Hour {
			return ok(`{"errcode":310000,"errmsg":"description:timestamp invalid"}`)
		}
		if first(r.Query["sign"]) != sign(secret, stamp+"\n"+secret) {
			return ok(`{"errcode":310000,"errmsg":"description:sign not match"}`)
		}
		if r.Text("msgtype") != "text" || r.Text("text.content") == "" {
			return ok(`{"errcode":40035,"errmsg":"missing parameter json"}`)
		}
		return ok(`{"errcode":0,"errmsg":"ok"}`)
	})
}

// Feishu is a custom bot of Feishu with signature verification (open.feishu.cn, add-custom-bot): the key of the MAC is
// "timestamp\nsecret", its content empty, the timestamp in seconds and at most an hour from now.
func Feishu(t testing.TB, hook, secret string, now func() time.Time) *HTTP {
	t.Helper()
	return NewHTTP(t, func(r Request) Reply {
		if r.Path != "/open-apis/bot/v2/hook/"+hook {
			return ok(`{"code":19001,"data":{},"msg":"param invalid: incoming webhook access token invalid"}`)
		}
		stamp := r.Text("timestamp")
		seconds, err := strconv.ParseInt(stamp, 10, 64)
		if err != nil || apart(time.Unix(seconds, 0), now()) > time.Hour || r.Text("sign") != sign(stamp+"\n"+secret, "") {
			return ok(`{"code":19021,"data":{},"msg":"sign match fail or timestamp is not within one hour from current time"}`)
		}
		if r.Text("msg_type") != "text" || r.Text("content.text") == "" {
			return ok(`{"code":9499,"data":{},"msg":"Bad Request"}`)
		}
		return ok(`{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}`)
	})
}

func sign(key, content string) string {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(content))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

func apart(a, b time.Time) time.Duration { return a.Sub(b).Abs() }

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
