package calendar

import (
	_ "embed"
	"encoding/csv"
	"strconv"
	"strings"
	"sync"
)

//go:embed china-workdays.csv
var chinaDays string

//go:embed china-workdays-notices.csv
var chinaNotices string

// PublicDay is a date that a government has announced to be off, or to be worked in exchange.
type PublicDay struct {
	Date string `json:"date"`
	Off  bool   `json:"off" doc:"false: a make-up day (调休上班)"`
	Name string `json:"name" doc:"of the holiday it belongs to"`
}

// China are the holidays and make-up days that the State Council has announced, by year, with the notices they come
// from. A year that is not in it has not been announced; some days of a December come with the next year's notice.
var China = sync.OnceValue(func() PublicDays {
	p := PublicDays{years: map[int][]PublicDay{}, notices: map[int][]string{}}
	for _, row := range rows(chinaDays) {
		year := yearOf(row[0])
		p.years[year] = append(p.years[year], PublicDay{Date: row[0], Off: row[1] == "off", Name: row[2]})
	}
	for _, row := range rows(chinaNotices) {
		year := yearOf(row[0])
		p.notices[year] = append(p.notices[year], row[1])
	}
	return p
})

// PublicDays are what a government has announced.
type PublicDays struct {
	years   map[int][]PublicDay
	notices map[int][]string
}

// Of are the days of a year, and the addresses of its notices; none while it has not been announced.
func (p PublicDays) Of(year int) (days []PublicDay, notices []string) {
	return p.years[year], p.notices[year]
}

// Last is the latest year announced.
func (p PublicDays) Last() int {
	last := 0
	for year := range p.notices {
		last = max(last, year)
	}
	return last
}

// Over lays the announced days under a Spec: what the Spec says of a date stands.
func (p PublicDays) Over(spec Spec) (Spec, map[string]string) {
	said, names := map[string]bool{}, map[string]string{}
	for _, date := range spec.Holidays {
		said[date] = true
	}
	for _, w := range spec.Extra {
		said[w.Date] = true
	}
	for _, days := range p.years {
		for _, d := range days {
			names[d.Date] = d.Name
			switch {
			case said[d.Date]:
			case d.Off:
				spec.Holidays = append(spec.Holidays[:len(spec.Holidays):len(spec.Holidays)], d.Date)
			default:
				spec.Extra = append(spec.Extra[:len(spec.Extra):len(spec.Extra)], Workday{Date: d.Date})
			}
		}
	}
	return spec, names
}

// NewIn compiles a calendar that keeps the announced days of a country.
func NewIn(p PublicDays, spec Spec) (*Calendar, error) {
	if _, err := compile(spec, nil); err != nil { // so that a mistake is named where the author made it
		return nil, err
	}
	all, names := p.Over(spec)
	return compile(all, names)
}

// rows of a file that is part of the program; its head is left out.
func rows(text string) [][]string {
	list, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		panic("calendar: shipped data: " + err.Error())
	}
	return list[1:]
}

func yearOf(date string) int {
	year, err := strconv.Atoi(date[:4])
	if err != nil {
		panic("calendar: shipped data: " + err.Error())
	}
	return year
}
