package identity

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// digest is the form in which random secrets are stored and looked up. They have 128 bits or more, so no salt or
// slow hash is needed.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// loginKey is what makes a login unique whatever its case, and under which failures are counted; what people type
// there by mistake, a password perhaps, is not kept.
func loginKey(login string) string {
	return digest("login:" + strings.ToLower(strings.TrimSpace(login)))
}

// record writes an audit event of this package.
func record(ctx context.Context, u *work.Unit, stream, kind, subject, number string, data any) error {
	if _, err := u.Record(ctx, work.Event{Stream: stream, Kind: kind, Subject: subject, Number: number, Data: data}); err != nil {
		return fmt.Errorf("record %s: %w", kind, err)
	}
	return nil
}

func staleAt(version int64) error {
	return &fault.Error{Kind: fault.Stale, Code: "stale", Data: map[string]any{"version": version}}
}

// set takes a changed value over, when one was sent.
func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// moment is an instant that may not have come yet.
func moment(ms int64) *time.Time {
	if ms == 0 {
		return nil
	}
	t := clock.FromMillis(ms)
	return &t
}

// exec runs a statement and names what it was for when it fails.
func exec(ctx context.Context, tx db.Tx, doing, sql string, args ...any) (int64, error) {
	n, err := tx.Exec(ctx, sql, args...)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", doing, err)
	}
	return n, nil
}

func labelOf(name string) text.Label {
	if l, ok := labels[name]; ok {
		return l
	}
	return text.Label{Zh: name, En: name}
}

// required makes the fault for a field that must not be empty.
func required(name string) error {
	return fault.One(name, "field.required", text.Params{"label": labelOf(name)})
}

var labels = map[string]text.Label{
	"code":                   {Zh: "编号", En: "the code"},
	"customer":               {Zh: "客户", En: "the customer"},
	"expires_at":             {Zh: "到期时间", En: "the expiry"},
	"label":                  {Zh: "名称", En: "the label"},
	"login":                  {Zh: "登录名", En: "the login"},
	"name":                   {Zh: "名称", En: "the name"},
	"password":               {Zh: "密码", En: "the password"},
	"current":                {Zh: "当前密码", En: "the current password"},
	"new":                    {Zh: "新密码", En: "the new password"},
	"perms":                  {Zh: "权限", En: "the permissions"},
	"person":                 {Zh: "人员", En: "the person"},
	"preferences":            {Zh: "偏好设置", En: "the preferences"},
	"process":                {Zh: "流程", En: "the process"},
	"project":                {Zh: "项目", En: "the project"},
	"role":                   {Zh: "角色", En: "the role"},
	"scopes":                 {Zh: "权限范围", En: "the scopes"},
	"side":                   {Zh: "适用方", En: "the side"},
	"theme":                  {Zh: "主题", En: "the theme"},
	"density":                {Zh: "密度", En: "the density"},
	"min_length":             {Zh: "最小长度", En: "the minimum length"},
	"classes":                {Zh: "字符种类", En: "the kinds of characters"},
	"history":                {Zh: "历史密码", En: "the password history"},
	"max_age_days":           {Zh: "有效天数", En: "the maximum age"},
	"lockout_failures":       {Zh: "锁定前次数", En: "the failures before a lock"},
	"lockout_minutes":        {Zh: "锁定分钟数", En: "the length of a lock"},
	"session_idle_minutes":   {Zh: "空闲时限", En: "the idle limit"},
	"session_absolute_hours": {Zh: "登录时限", En: "the session limit"},
}

func init() {
	text.Register(map[string]text.Label{
		"totp_required":              {Zh: "请输入身份验证器上的 6 位数字。", En: "Enter the 6 digits your authenticator shows."},
		"identity.bad_credentials":   {Zh: "登录名或密码不对。连续输错几次，登录会暂停一会儿。", En: "Login or password is wrong. After several failures in a row, sign-in pauses for a while."},
		"identity.locked":            {Zh: "输错次数太多，请 {seconds} 秒后再试，或请管理员解锁。", En: "Too many failures. Try again in {seconds} seconds, or ask an administrator to unlock you."},
		"identity.totp_wrong":        {Zh: "验证码不对或已用过，等下一个再试。", En: "The code is wrong or was used already. Wait for the next one."},
		"identity.totp_on":           {Zh: "已开启两步验证，要换设备先关闭。", En: "Two-step verification is already on. Turn it off first to change the device."},
		"identity.totp_off":          {Zh: "还没有开始设置两步验证。", En: "Two-step verification has not been set up."},
		"identity.password_wrong":    {Zh: "当前密码不对。", En: "The current password is wrong."},
		"identity.password_short":    {Zh: "密码至少 {min} 个字符。", En: "A password has at least {min} characters."},
		"identity.password_long":     {Zh: "密码最多 {max} 个字节。", En: "A password has at most {max} bytes."},
		"identity.password_classes":  {Zh: "大写字母、小写字母、数字、符号，至少用 {classes} 种。", En: "Use at least {classes} of: capitals, small letters, digits, signs."},
		"identity.password_common":   {Zh: "这个密码太常见，换一个。", En: "This password is too common. Choose another."},
		"identity.password_name":     {Zh: "密码里不要用登录名、姓名或单位名。", En: "Do not use your login, your name or the company's in the password."},
		"identity.password_again":    {Zh: "最近用过这个密码，换一个。", En: "You used this password recently. Choose another."},
		"identity.session_only":      {Zh: "这件事要登录后自己做，令牌不行。", En: "Sign in to do this; a token cannot."},
		"identity.setup_done":        {Zh: "系统已经初始化过，请直接登录。", En: "The system is already set up. Sign in."},
		"identity.last_admin":        {Zh: "这是最后一位系统管理员，先让另一个人当管理员。", En: "This is the last administrator. Make somebody else an administrator first."},
		"identity.login_form":        {Zh: "登录名用 2 到 64 个字母、数字或 . _ - @。", En: "A login has 2 to 64 letters, digits or . _ - @."},
		"identity.role_form":         {Zh: "编号用 2 到 40 个小写字母、数字或 _，以字母开头。", En: "A code has 2 to 40 small letters, digits or _, and begins with a letter."},
		"identity.role_builtin":      {Zh: "内置角色不能删除。", En: "Built-in roles cannot be deleted."},
		"identity.role_used":         {Zh: "还有 {count} 人在用这个角色。", En: "{count} people still have this role."},
		"identity.role_side":         {Zh: "这个角色不适用于此人所在的一方。", En: "This role is not for people of that side."},
		"identity.perm_unknown":      {Zh: "没有这个权限：{perm}。", En: "There is no such permission: {perm}."},
		"identity.perm_side":         {Zh: "客户一方的角色不能有这个权限：{perm}。", En: "A customer's role cannot hold this permission: {perm}."},
		"identity.perm_admin":        {Zh: "系统管理员不能没有账号管理权限，也不能查看密文。", En: "The administrator cannot lose the management of accounts, nor read secrets."},
		"identity.perm_not_held":     {Zh: "您没有这个权限，令牌也不能有：{perm}。", En: "You do not hold this permission, so a token of yours cannot: {perm}."},
		"identity.token_expiry":      {Zh: "到期时间要在现在之后、一年之内。", En: "The expiry must be after now and within a year."},
		"identity.person_left":       {Zh: "{name}已离职，不能有账号。", En: "{name} has left and cannot have an account."},
		"identity.disable_self":      {Zh: "不能停用自己的账号。", En: "You cannot disable your own account."},
		"identity.granted":           {Zh: "此人已有这个角色。", En: "This person already has the role."},
		"identity.preferences_large": {Zh: "偏好设置太大。", En: "The preferences are too large."},
	})
}
