package form

import "github.com/steward-ops/steward/internal/kernel/text"

func init() {
	text.Register(map[string]text.Label{
		"form.control":        {Zh: "{label}含有看不见的控制字符，删掉再提交。", En: "{label} contains invisible control characters; remove them."},
		"form.line":           {Zh: "{label}只能写一行。", En: "{label} takes one line only."},
		"form.pattern":        {Zh: "{label}的写法不对，请对照说明改。", En: "{label} is not written as wanted; see the help beside it."},
		"form.low":            {Zh: "{label}不能小于 {min}。", En: "{label} must be at least {min}."},
		"form.high":           {Zh: "{label}不能大于 {max}。", En: "{label} must be at most {max}."},
		"form.count":          {Zh: "{label}应有 {min} 到 {max} 项。", En: "{label} takes {min} to {max} entries."},
		"form.order":          {Zh: "{label}的结束时间不晚于开始时间，请改其中一个。", En: "The end of {label} is not after its start. Change one of them."},
		"form.future":         {Zh: "{label}的时间还没到，请填已经发生的时间。", En: "The time of {label} is still to come; give one that has passed."},
		"form.open":           {Zh: "{label}还差：{items}。", En: "{label} still lacks: {items}."},
		"form.keep":           {Zh: "{label}已有记录，只能逐项修改，不能整个清空。", En: "{label} already has entries; change them one by one."},
		"form.covers":         {Zh: "{label}还要说明：{items}。", En: "{label} must also cover: {items}."},
		"form.consent_by":     {Zh: "请写明{label}由谁作出。", En: "Say who gave {label}."},
		"form.consent_how":    {Zh: "请写明{label}的方式：电话、当面、书面、邮件或即时消息。", En: "Say how {label} was given: phone, face, written, mail or im."},
		"form.code":           {Zh: "验证码不对或已过期，请重新获取。", En: "The code is wrong or no longer valid; ask for a new one."},
		"form.signed":         {Zh: "{label}已由他人签署，不能改动。", En: "{label} was signed by somebody else and cannot be changed."},
		"form.not_yours":      {Zh: "{label}须由指定的人签署，您不能代签。", En: "{label} is for somebody else to sign."},
		"form.customer_signs": {Zh: "{label}须由客户本人签署，任何人不能代签。", En: "{label} is for the customer to sign in person; nobody may sign in their place."},
	})
}
