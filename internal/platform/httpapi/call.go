package httpapi

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// Call is a request to a Route.
type Call struct {
	r     *http.Request
	limit int64
	parts *multipart.Reader
	body  []byte
	read  bool
}

// Path is a parameter of the path.
func (c *Call) Path(name string) string { return c.r.PathValue(name) }

// Query is the first value of a query parameter.
func (c *Call) Query(name string) string { return c.r.URL.Query().Get(name) }

// Queries are all query parameters.
func (c *Call) Queries() map[string][]string { return c.r.URL.Query() }

// Header of the request.
func (c *Call) Header(name string) string { return c.r.Header.Get(name) }

// Lang is the reader's language.
func (c *Call) Lang() text.Lang { return Lang(c.r.Context()) }

// IfMatch is the entity tag named in If-Match, without quotes; "" when there is none or "*".
func (c *Call) IfMatch() string {
	tag, _ := parseETag(c.r.Header.Get("If-Match"))
	return tag
}

// Version is the record version that If-Match names; 0 when it names none.
func (c *Call) Version() (int64, error) { return versionOf(c.r.Header.Get("If-Match")) }

// IdempotencyKey is the caller's name for this attempt, at most 200 visible characters; "" when there is none.
func (c *Call) IdempotencyKey() string { return c.r.Header.Get("Idempotency-Key") }

// Page reads cursor and limit.
func (c *Call) Page() (Paged, error) {
	p := Paged{Cursor: c.Query("cursor"), Limit: defaultLimit}
	s := c.Query("limit")
	if s == "" {
		return p, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > maxLimit {
		return p, fault.One("limit", "field.range", text.Params{"label": "limit", "min": 1, "max": maxLimit})
	}
	p.Limit = n
	return p, nil
}

// Body reads the whole body, up to the operation's limit.
func (c *Call) Body() ([]byte, error) {
	if c.read {
		return c.body, nil
	}
	b, err := readBody(c.r)
	if err != nil {
		return nil, err
	}
	c.body, c.read = b, true
	return b, nil
}

// JSON reads the body as a JSON object, as strictly as a typed operation does; an empty body is an empty object.
func (c *Call) JSON() (map[string]json.RawMessage, error) {
	b, err := c.Body()
	if err != nil {
		return nil, err
	}
	if len(b) == 0 {
		return map[string]json.RawMessage{}, nil
	}
	if err := checkMediaType(c.r); err != nil {
		return nil, err
	}
	if err := checkJSON(b); err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil || members == nil {
		return nil, malformed("httpapi.object", nil)
	}
	return members, nil
}

// Part is one part of a multipart form; it streams.
type Part struct {
	io.Reader
	Name     string // of the form field
	FileName string // without folders, "" for a plain field
	Type     string // content type as the sender claims it
}

// Text reads a plain field.
func (p *Part) Text() (string, error) {
	b, err := io.ReadAll(io.LimitReader(p, maxTextPart+1))
	switch {
	case err != nil:
		return "", err
	case len(b) > maxTextPart:
		return "", fault.One(p.Name, "field.length", text.Params{"label": p.Name, "max": maxTextPart})
	case !clean(string(b)):
		return "", fault.One(p.Name, "field.encoding", text.Params{"label": p.Name})
	}
	return string(b), nil
}

const maxTextPart = 64 << 10

// NextPart is the next part of a multipart form, io.EOF after the last. Read a part before asking for the next.
func (c *Call) NextPart() (*Part, error) {
	if c.parts == nil {
		parts, err := c.r.MultipartReader()
		if err != nil {
			return nil, malformed("httpapi.multipart", nil)
		}
		c.parts = parts
	}
	p, err := c.parts.NextPart()
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	if err != nil {
		return nil, bodyFault(err, "httpapi.multipart")
	}
	name := p.FileName()
	if !clean(name) || !clean(p.FormName()) {
		return nil, fault.One("file", "field.encoding", text.Params{"label": "file"})
	}
	return &Part{Reader: partReader{p}, Name: p.FormName(), FileName: name, Type: p.Header.Get("Content-Type")}, nil
}

// partReader answers a limit or a broken stream as a fault.
type partReader struct{ r io.Reader }

func (p partReader) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = bodyFault(err, "httpapi.multipart")
	}
	return n, err
}

// Reply answers a Route: a Body as JSON, or what Write writes.
type Reply struct {
	Status      int // default: the operation's
	Body        any
	ETag        string // without quotes
	Location    string
	ContentType string
	Header      map[string]string
	Write       func(w io.Writer) error
}

func writeReply(w http.ResponseWriter, r *http.Request, op *Op, reply *Reply) {
	if reply == nil {
		reply = &Reply{}
	}
	h := w.Header()
	for name, value := range reply.Header {
		h.Set(name, value)
	}
	if reply.ETag != "" {
		h.Set("ETag", quoteETag(reply.ETag))
	}
	if reply.Location != "" {
		h.Set("Location", reply.Location)
	}
	status := cmp.Or(reply.Status, op.Status)
	switch {
	case reply.Write != nil:
		if reply.ContentType != "" {
			h.Set("Content-Type", reply.ContentType)
		}
		w.WriteHeader(cmp.Or(status, http.StatusOK))
		if err := reply.Write(w); err != nil {
			panic(brokenStream{err})
		}
	case reply.Body != nil:
		h.Set("Content-Type", cmp.Or(reply.ContentType, "application/json"))
		w.WriteHeader(cmp.Or(status, http.StatusOK))
		if err := encodeJSON(w, reply.Body); err != nil {
			panic(brokenStream{err})
		}
	default:
		w.WriteHeader(cmp.Or(status, http.StatusNoContent))
	}
}

// images may be shown in place when a route says so and their bytes agree.
var images = []string{"image/png", "image/jpeg", "image/webp", "image/gif"}

// Attachment answers with a file to be saved. A file is shown in place only when the route marks it safe and its
// first bytes prove one of the four image types; nothing a customer uploads is ever run by our pages.
func Attachment(name, contentType string, safe bool, content io.Reader) *Reply {
	buffered := bufio.NewReaderSize(content, 4096)
	disposition := "attachment"
	if safe && isImage(contentType, buffered) {
		disposition = "inline"
	}
	if mediaType, _, err := mime.ParseMediaType(contentType); err != nil || strings.HasPrefix(mediaType, "multipart/") {
		contentType = "application/octet-stream"
	}
	return &Reply{
		ContentType: contentType,
		Header: map[string]string{
			"Content-Disposition":     dispositionOf(disposition, name),
			"Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:",
		},
		Write: func(w io.Writer) error {
			_, err := io.Copy(w, buffered)
			return err
		},
	}
}

func isImage(contentType string, r *bufio.Reader) bool {
	head, _ := r.Peek(512)
	for _, t := range images {
		if contentType == t {
			return http.DetectContentType(head) == t
		}
	}
	return false
}

func dispositionOf(kind, name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '/' || r == '\\' || r == utf8.RuneError {
			return '_'
		}
		return r
	}, name)
	return mime.FormatMediaType(kind, map[string]string{"filename": cmp.Or(name, "file")})
}
