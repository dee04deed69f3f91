package main

import (
	"fmt"
	"math/rand/v2"
)

// writer makes texts of reports as people write them: mostly Chinese, with the English of technology in between.
type writer struct{ rng *rand.Rand }

func newWriter(seed uint64) *writer { return &writer{rand.New(rand.NewPCG(seed, 2026))} } //nolint:gosec // texts, not secrets

var (
	places = []string{"门诊收费窗口", "住院部护士站", "急诊分诊台", "放射科阅片室", "药房发药窗口", "信息机房", "总行营业部", "城东支行柜台", "配送中心", "人民路店收银台",
		"第三实验小学", "教务处办公室", "体检中心", "检验科", "财务室", "会议室", "手术室", "档案室", "食堂", "监控室"}
	things = []string{"打印机", "交换机", "服务器", "电子病历系统", "HIS 客户端", "PACS 工作站", "收银 POS", "扫码枪", "VPN 连接", "无线网络", "数据库 Oracle", "邮件系统",
		"门禁控制器", "UPS 电源", "空调", "摄像头", "录播主机", "自助机", "医保接口", "OA 流程", "LIS 仪器", "磁盘阵列", "防火墙", "域名解析 DNS", "虚拟机", "叫号屏", "条码打印机", "显示器", "键盘", "投影仪"}
	troubles = []string{"无法登录", "反复重启", "响应缓慢", "报错 timeout", "卡纸", "脱机", "蓝屏", "连接被拒绝", "数据不同步", "证书过期", "磁盘空间不足", "声音异常", "端口 down", "丢包严重",
		"打印空白", "黑屏", "不识别条码", "提示 license 失效", "页面空白", "接口返回 500", "备份失败", "温度过高", "密码被锁定", "串口无响应", "画面花屏"}
	effects = []string{"影响排队", "暂未影响业务", "已改用手工", "已经影响出院结算", "三个窗口受影响", "请尽快处理", "客户多次来电", "昨天也出现过", "重启后恢复又复发", "夜间批处理前需要恢复"}
	rare    = []string{"雷击", "鼠患", "浸水", "地震演练", "停产"}
)

func (w *writer) one(list []string) string { return list[w.rng.IntN(len(list))] }

// report is a title and a description.
func (w *writer) report() (title, description string) {
	place, thing, trouble := w.one(places), w.one(things), w.one(troubles)
	title = place + thing + trouble
	description = fmt.Sprintf("%s反映：%s的%s%s，%s。资产编号 AST-%06d，IP 10.%d.%d.%d，%s。", w.one([]string{"护士", "收费员", "值班员", "店长", "老师", "柜员"}), place, thing, trouble,
		w.one(effects), w.rng.IntN(1_000_000), w.rng.IntN(200), w.rng.IntN(250), w.rng.IntN(250), w.one(effects))
	if w.rng.IntN(2000) == 0 {
		description += "疑似" + w.one(rare[:4]) + "。"
	}
	return title, description
}
