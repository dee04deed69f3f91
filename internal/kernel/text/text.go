// Package text holds every sentence the program says to a person, in Chinese and English.
package text

import (
	"fmt"
	"strings"
	"sync"
)

// Lang is a language a person can read.
type Lang string

// The two languages. Chinese is the one shown when nothing else is known.
const (
	Zh Lang = "zh"
	En Lang = "en"
)

// Parse takes a language tag or an Accept-Language header and returns the nearest language.
func Parse(tag string) Lang {
	for part := range strings.SplitSeq(strings.ToLower(tag), ",") {
		part = strings.TrimSpace(part)
		switch {
		case strings.HasPrefix(part, "en"):
			return En
		case strings.HasPrefix(part, "zh"):
			return Zh
		}
	}
	return Zh
}

// Label is one thing said in both languages.
type Label struct {
	Zh string `json:"zh" yaml:"zh"`
	En string `json:"en" yaml:"en"`
}

// In is the label in one language; a missing English text falls back to Chinese.
func (l Label) In(lang Lang) string {
	if lang == En && l.En != "" {
		return l.En
	}
	return l.Zh
}

// Empty tells whether neither language says anything.
func (l Label) Empty() bool { return l.Zh == "" && l.En == "" }

// Complete tells whether both languages are there.
func (l Label) Complete() bool { return l.Zh != "" && l.En != "" }

// Params fill the {names} of a message. A Label among them is said in the message's language.
type Params map[string]any

var (
	mu       sync.RWMutex
	messages = map[string]Label{}
)

// Register adds messages to the catalogue. A key said twice is a mistake of the program and panics.
func Register(more map[string]Label) {
	mu.Lock()
	defer mu.Unlock()
	for key, label := range more {
		if _, twice := messages[key]; twice {
			panic("text: message registered twice: " + key)
		}
		if !label.Complete() {
			panic("text: message lacks a language: " + key)
		}
		messages[key] = label
	}
}

// Known tells whether the catalogue has the key.
func Known(key string) bool {
	mu.RLock()
	defer mu.RUnlock()
	_, ok := messages[key]
	return ok
}

// Say is the message of a key with its parameters filled in; an unknown key is returned as it is.
func Say(lang Lang, key string, params Params) string {
	mu.RLock()
	label, ok := messages[key]
	mu.RUnlock()
	if !ok {
		return key
	}
	return Fill(label.In(lang), lang, params)
}

// Fill replaces each {name} of a sentence by its parameter.
func Fill(sentence string, lang Lang, params Params) string {
	if len(params) == 0 || !strings.Contains(sentence, "{") {
		return sentence
	}
	pairs := make([]string, 0, 2*len(params))
	for name, value := range params {
		pairs = append(pairs, "{"+name+"}", spell(value, lang))
	}
	return strings.NewReplacer(pairs...).Replace(sentence)
}

func spell(value any, lang Lang) string {
	switch v := value.(type) {
	case string:
		return v
	case Label:
		return v.In(lang)
	case []Label:
		parts := make([]string, len(v))
		for i, l := range v {
			parts[i] = l.In(lang)
		}
		return strings.Join(parts, Separator(lang))
	case []string:
		return strings.Join(v, Separator(lang))
	}
	return fmt.Sprint(value)
}

// Separator stands between the items of a list in a sentence.
func Separator(lang Lang) string {
	if lang == En {
		return ", "
	}
	return "、"
}
