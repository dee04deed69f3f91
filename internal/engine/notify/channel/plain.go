package channel

import (
	"errors"
	"text/template"
	"text/template/parse"
)

var errNotPlain = errors.New("only values, functions and if are allowed")

// Plain refuses templates that could run without end: loops and templates that call each other.
func Plain(t *template.Template) error {
	if len(t.Templates()) > 1 || t.Tree == nil {
		return errNotPlain
	}
	return plain(t.Root)
}

func plain(n parse.Node) error {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return nil
		}
		for _, child := range n.Nodes {
			if err := plain(child); err != nil {
				return err
			}
		}
		return nil
	case *parse.IfNode:
		return errors.Join(plain(n.List), plain(n.ElseList))
	case *parse.TextNode, *parse.ActionNode, *parse.CommentNode:
		return nil
	}
	return errNotPlain
}
