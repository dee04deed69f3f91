package identity

import (
	"strings"
	"unicode"
)

// common tells whether a password is one of those that are tried first: a well-known word or keyboard run, dressed up
// with capitals, digits and signs, or one short piece again and again.
func common(password string) bool {
	p := plain(password)
	if commonWhole[p] || run(p) || repeated(p) {
		return true
	}
	core := strings.TrimFunc(p, func(r rune) bool { return !unicode.IsLetter(r) })
	return commonWords[core] || commonWords[unleet(core)] || commonWords[strings.TrimFunc(unleet(p), func(r rune) bool { return !unicode.IsLetter(r) })]
}

func plain(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// unleet undoes the usual replacements of letters.
func unleet(s string) string {
	return strings.NewReplacer("@", "a", "4", "a", "3", "e", "1", "i", "!", "i", "0", "o", "$", "s", "5", "s", "7", "t").Replace(s)
}

// run tells whether each character follows the one before it: 1234567890, abcdefghij, 9876543210.
func run(s string) bool {
	r := []rune(s)
	if len(r) < 6 {
		return false
	}
	up, down := true, true
	for i := 1; i < len(r); i++ {
		step := r[i] - r[i-1]
		wrap := r[i-1] == '9' && r[i] == '0' || r[i-1] == '0' && r[i] == '9'
		up = up && (step == 1 || wrap)
		down = down && (step == -1 || wrap)
	}
	return up || down
}

// repeated tells whether the password is a piece of at most four characters again and again: aaaaaaaaaa, 1212121212.
func repeated(s string) bool {
	for n := 1; n <= 4 && n*2 < len(s); n++ {
		if strings.Repeat(s[:n], len(s)/n+1)[:len(s)] == s {
			return true
		}
	}
	return false
}

var (
	commonWords = words(`password passwort passwd pass word admin administrator administrators root toor user guest test
		testing tester demo default changeme change secret letmein welcome login master system sysadmin operator support
		service manager server oracle mysql postgres redis tomcat apache nginx cisco huawei hithree hthreec juniper
		lenovo dell ibm aliyun tencent baidu alibaba qwerty qwert qwertyuiop qwer qwe asdf asdfgh asdfghjkl zxcv zxcvbn zxcvbnm
		qazwsx qazwsxedc qaz iloveyou love woaini woaiwojia woaini1314 aini nihao zhongguo china beijing shanghai shenzhen
		guangzhou hangzhou gongsi mima mimaguanli guanliyuan yunwei yunweiguanjia steward steward-ops football baseball
		basketball dragon monkey shadow sunshine princess michael jordan superman batman trustno hello helloworld
		computer internet abc abcd abcde abcdef abcdefg abcdefgh passw passwordpassword company spring summer
		autumn winter january february march april june july august september october november december monday tuesday
		wednesday thursday friday saturday sunday temp temporary initial start public private network security access
		qwertyqwerty adminadmin rootroot testtest useruser wang zhang li liu chen yang zhao huang zhou xiao`)
	commonWhole = words(`1qaz2wsx 1qaz2wsx3edc 1qaz2wsx3edc4rfv 1qazxsw2 qaz123wsx qazwsx123 qwe123456 qweasdzxc qweasd123
		q1w2e3r4 q1w2e3r4t5 q1w2e3r4t5y6 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y zaq12wsx zaq1xsw2 zxc123456 asd123456 abc123456
		a123456789 aa123456789 a1234567890 1234qwer 123qweasd 123qweasdzxc 123456abc 123456qwerty 5201314 woaini520
		woaini1314 woaini521 1314520 147258369 741852963 159357456 789456123 0123456789 1234567890 11223344556677
		112233445566 123123123123 123321123321 1111111111 0000000000 8888888888 6666666666 qwertyuiop asdfghjkl;
		p@ssw0rd p@ssw0rd1 p@$$w0rd p@ssword123 passw0rd123 admin@123456 admin123456 admin@2024 admin@2025 admin@2026
		root@123456 test@123456 huawei@123 huawei12#$ changeme_123 admin!@#$% !qaz2wsx !qaz@wsx !qaz@wsx#edc 1qaz@wsx
		1qaz@wsx3edc 1qaz!qaz zaq!2wsx zaq1@wsx qwer1234 qwer!@#$ 1234!@#$ !@#$1234 !@#$%^&*() abcd1234 abcd@1234 abcd!@#$`)
)

func words(list string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		set[w] = true
	}
	return set
}
