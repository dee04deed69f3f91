// Package incident is the practice of faults and reports: from the first word to the closing, in the variants that
// providers use (tiers, closed by the user, telecom, application form).
package incident

import "embed"

// Files holds the definitions of this practice.
//
//go:embed *.yaml
var Files embed.FS
