package channel

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"syscall"
	"time"
)

// Network is the only road by which channels leave the program. Administrators write addresses into settings; whoever
// gets hold of such an account must not reach the inner network, its databases or a cloud's metadata through us. So
// each address is looked at when the connection is made, after the name was resolved: a name that resolves differently
// the second time gains nothing.
type Network struct {
	allowed []netip.Prefix
	client  *http.Client
}

// Limits of one exchange.
const (
	dialTimeout = 10 * time.Second
	sendTimeout = 30 * time.Second
	maxBody     = 64 << 10
)

// NewNetwork makes the road. Inner networks are closed except those listed, which only the operator of the machine can.
func NewNetwork(allowed []netip.Prefix) *Network {
	n := &Network{allowed: allowed}
	n.client = &http.Client{
		Timeout: sendTimeout,
		// A redirect could lead anywhere and would take the body and its signature along.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  nil, // a proxy would resolve names where we cannot look
			DialContext:            n.Dial,
			ForceAttemptHTTP2:      true,
			TLSHandshakeTimeout:    dialTimeout,
			ResponseHeaderTimeout:  sendTimeout,
			IdleConnTimeout:        30 * time.Second,
			MaxIdleConnsPerHost:    2,
			MaxResponseHeaderBytes: 32 << 10,
		},
	}
	return n
}

// errRefused is the answer to an address in a closed network.
var errRefused = errors.New("address in a network that is not allowed")

// Dial connects to a host that may be reached.
func (n *Network) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || !n.open(to.Addr()) {
			return errRefused
		}
		return nil
	}}
	return d.DialContext(ctx, network, address)
}

// closed are networks that are not the public internet beyond what netip knows by itself.
var closed = func() (list []netip.Prefix) {
	for _, p := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		// IPv6 in which an IPv4 address is wrapped, and what is for documents or discarded.
		"64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "2001:db8::/32", "100::/64", "fec0::/10",
	} {
		list = append(list, netip.MustParsePrefix(p))
	}
	return list
}()

func (n *Network) open(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	for _, p := range n.allowed {
		if p.Contains(ip) {
			return true
		}
	}
	if !ip.IsGlobalUnicast() || ip.IsPrivate() { // loopback, link-local, multicast and unspecified are no global unicast
		return false
	}
	for _, p := range closed {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}

// Request is one HTTP request.
type Request struct {
	Method, URL string
	Header      map[string]string
	Body        []byte
}

// Response is what came back.
type Response struct {
	Status int
	Body   string // at most 64 KiB
	Wait   time.Duration
}

// Do sends a request. What goes wrong on the way is a *Failure that does not repeat the address: it may hold a key.
func (n *Network) Do(ctx context.Context, r Request) (Response, error) {
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil || req.URL.Scheme != "https" && req.URL.Scheme != "http" || req.URL.User != nil {
		return Response{}, &Failure{Code: "channel.bad_settings", Lasting: true, Answer: "URL"}
	}
	req.Header.Set("User-Agent", "Steward")
	for name, value := range r.Header {
		req.Header.Set(name, value)
	}
	answer, err := n.client.Do(req)
	if err != nil {
		return Response{}, Explain(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxBody))
	if err != nil && len(body) == 0 {
		return Response{}, Explain(err)
	}
	return Response{Status: answer.StatusCode, Body: string(body), Wait: waitOf(answer.Header.Get("Retry-After"))}, nil
}

// waitOf reads Retry-After in its form of seconds, up to an hour.
func waitOf(header string) time.Duration {
	seconds, err := strconv.Atoi(header)
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, time.Hour)
}

// Refusal is the failure that a status other than success means, or nil.
func (r Response) Refusal() *Failure {
	f := &Failure{Answer: fmt.Sprintf("HTTP %d %s", r.Status, r.Body), Wait: r.Wait}
	switch {
	case r.Status >= 200 && r.Status < 300:
		return nil
	case r.Status == http.StatusTooManyRequests:
		f.Code, f.Busy = "channel.busy", true
	case r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden:
		f.Code, f.Lasting = "channel.credentials", true
	case r.Status >= 500 || r.Status == http.StatusRequestTimeout || r.Status == http.StatusTooEarly:
		f.Code = "channel.trouble"
	default:
		f.Code, f.Lasting = "channel.refused", true
	}
	return f
}

// Explain turns what goes wrong on the network into a failure, without the address that was called.
func Explain(err error) *Failure {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	f := &Failure{Code: "channel.unreachable", Answer: err.Error()}
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, errRefused):
		return &Failure{Code: "channel.refused_address", Lasting: true}
	case untrusted(err):
		f.Code = "channel.certificate"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		f.Code = "channel.timeout"
	}
	return f
}

func untrusted(err error) bool {
	_, verification := errors.AsType[*tls.CertificateVerificationError](err)
	_, host := errors.AsType[x509.HostnameError](err)
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	return verification || host || authority
}
