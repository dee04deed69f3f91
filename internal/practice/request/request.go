// Package request is the practice of service requests: what a user asks for, approved before it is done and confirmed
// after.
package request

import "embed"

// Files holds the definitions of this practice.
//
//go:embed *.yaml
var Files embed.FS
