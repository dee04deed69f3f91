// Package call is the practice of the telephone at the service desk: calls, promises to answer later, and messages for
// colleagues who are away.
package call

import "embed"

// Files holds the definitions of this practice.
//
//go:embed *.yaml
var Files embed.FS
