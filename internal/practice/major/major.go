// Package major is what a severe fault calls for: the technical coordination meeting and the notification of the company.
package major

import "embed"

// Files are the definitions.
//
//go:embed *.yaml
var Files embed.FS
