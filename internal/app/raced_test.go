//go:build race

package app_test

// raced: the race detector watches.
const raced = true
