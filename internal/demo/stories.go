package demo

import (
	"embed"
	"fmt"

	"gopkg.in/yaml.v3"
)

//go:embed stories/*.yaml
var storyFiles embed.FS

// stories is everything that people in the demonstration say.
type stories struct {
	incidents []story
	requests  []story
	desk      deskTexts
}

// story is one matter, told by a user and solved by the provider.
type story struct {
	Customer string   `yaml:"-"`
	Title    string   `yaml:"t"`
	Text     string   `yaml:"d"`
	Main     matter   `yaml:"m"`
	Vendor   vendor   `yaml:"v"`
	Form     formPart `yaml:"f"`
	Symptom  string   `yaml:"ph"`
	Say      string   `yaml:"say"`  // a public word on the way
	Ask      string   `yaml:"ask"`  // what the customer has to give
	Answer   string   `yaml:"ans"`  // and what they say
	Note     string   `yaml:"note"` // an internal note
	Cause    string   `yaml:"dx"`   // the diagnosis
	Place    string   `yaml:"loc"`
	Supplier string   `yaml:"ven"` // what the supplier did
	Solution string   `yaml:"sol"`
	Steps    []string `yaml:"steps"`
	Test     string   `yaml:"test"`
	Patch    string   `yaml:"temp"`
	Why      string   `yaml:"why"` // repair information
	Did      string   `yaml:"did"`
	Analysis string   `yaml:"ana"`
	Prevent  string   `yaml:"prev"`
	Plan     string   `yaml:"plan"`
	Process  string   `yaml:"proc"`
	Result   string   `yaml:"res"`
	Feedback string   `yaml:"fdb"`
	Thanks   string   `yaml:"fb"` // the user's last word
	Lesson   string   `yaml:"lesson"`
	Done     string   `yaml:"ful"` // of a request
}

type matter struct {
	Service  string   `yaml:"s"`
	Sites    []string `yaml:"p"`
	Who      string   `yaml:"who"`
	Weight   string   `yaml:"iu"` // impact and urgency by their first letters
	Category string   `yaml:"cat"`
	Channel  string   `yaml:"via"`
	Level    string   `yaml:"go"` // who solves it: desk, l1, l2, l3, vendor
	Workflow string   `yaml:"w"`
	Picture  bool     `yaml:"pic"`
	Kind     string   `yaml:"kind"` // of a request
	Approver string   `yaml:"appr"`
}

type vendor struct {
	Name string `yaml:"sup"`
	Case string `yaml:"cno"`
}

type formPart struct {
	Class    string `yaml:"fc"`
	Affected string `yaml:"aff"`
}

// deskTexts are the short matters of the telephone.
type deskTexts struct {
	Answered     []shortCall  `yaml:"answered"`
	Solved       []shortCall  `yaml:"solved"`
	OutOfScope   []shortCall  `yaml:"out_of_scope"`
	Commitments  []commitment `yaml:"commitments"`
	Explanations []string     `yaml:"explanations"`
	Relays       []relay      `yaml:"relays"`
	Contacts     []string     `yaml:"contacts"`
	Handovers    []string     `yaml:"handovers"`
	Handovers3   []string     `yaml:"handovers3"`
	Urges        []string     `yaml:"urges"`
}

type shortCall struct {
	Subject  string `yaml:"subject"`
	Guidance string `yaml:"guidance"`
	Way      string `yaml:"way_offered"`
}

type commitment struct {
	Question string `yaml:"question"`
	Answer   string `yaml:"answer"`
}

type relay struct {
	Caller  string `yaml:"caller"`
	Message string `yaml:"message"`
	Visit   bool   `yaml:"visit"`
	Private bool   `yaml:"private"`
}

// mustStories reads the texts; a mistake in them is a mistake of the program.
func mustStories() stories {
	var s stories
	for _, customer := range []string{"hospital", "store", "bank", "school"} {
		var some []story
		mustRead(customer, &some)
		for i := range some {
			some[i].Customer = customer
			if some[i].Main.Workflow == "" {
				some[i].Main.Workflow = "tiers"
			}
		}
		s.incidents = append(s.incidents, some...)
	}
	mustRead("requests", &s.requests)
	for i := range s.requests {
		s.requests[i].Customer = customerOf(s.requests[i].Main.Who)
	}
	mustRead("desk", &s.desk)
	return s
}

func mustRead(name string, into any) {
	f, err := storyFiles.Open("stories/" + name + ".yaml")
	if err != nil {
		panic(err)
	}
	defer f.Close()
	decoder := yaml.NewDecoder(f)
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		panic(fmt.Errorf("demo story %s: %w", name, err))
	}
}

var weights = map[byte]string{'h': "high", 'm': "medium", 'l': "low"}

func (s story) impact() string {
	if len(s.Main.Weight) < 2 {
		return "medium"
	}
	return weights[s.Main.Weight[0]]
}

func (s story) urgency() string {
	if len(s.Main.Weight) < 2 {
		return "medium"
	}
	return weights[s.Main.Weight[1]]
}

// pressing tells whether a story does not wait for office hours.
func (s story) pressing() bool { return s.Main.Weight == "hh" }
