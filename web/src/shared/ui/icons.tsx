// The outline icons that definitions and navigation may name.
import {
  BarChart3, Bell, BookOpen, Boxes, Building2, CalendarDays, ClipboardCheck, ClipboardList, FileText, Flag, GitPullRequest, Handshake, Inbox,
  LifeBuoy, ListChecks, MapPin, MessageSquare, Monitor, Network, Package, PhoneIncoming, PhoneForwarded, PhoneOutgoing, MessageSquareShare, KeyRound, Workflow, Route, Search, Settings, ShieldCheck,
  Star, Timer, Users, Wrench, Zap, Rocket, ScrollText, CalendarClock, ArrowLeftRight, Headset, LogIn, NotebookPen, Plane, Repeat, Siren, type LucideIcon,
} from 'lucide-react'

const icons: Record<string, LucideIcon> = {
  work: Inbox, inbox: Inbox, notifications: Bell, bell: Bell,
  desk: PhoneIncoming, phone: PhoneIncoming, 'phone-incoming': PhoneIncoming, call: PhoneIncoming, relay: MessageSquareShare, 'phone-forwarded': PhoneForwarded,
  incident: Zap, zap: Zap, bolt: Zap, request: ClipboardList, service_request: ClipboardList, clipboard: ClipboardList, 'clipboard-list': ClipboardList,
  problem: Search, search: Search, change: GitPullRequest, 'git-pull-request': GitPullRequest, release: Rocket, rocket: Rocket,
  patrol: Route, route: Route, visit: MapPin, 'map-pin': MapPin, remote: Monitor, monitor: Monitor, commitment: PhoneOutgoing, 'phone-outgoing': PhoneOutgoing, 'message-square-share': MessageSquareShare, 'key-round': KeyRound, workflow: Workflow, 'shield-check': ShieldCheck, timer: Timer,
  alert: Siren, siren: Siren, duty: Headset, headset: Headset, 'arrow-left-right': ArrowLeftRight, plane: Plane, repeat: Repeat, 'log-in': LogIn, 'notebook-pen': NotebookPen, 'calendar-days': CalendarDays,
  roster: CalendarDays, calendar: CalendarDays, 'calendar-clock': CalendarClock, cmdb: Network, network: Network, knowledge: BookOpen, book: BookOpen, 'book-open': BookOpen,
  customer: Building2, customers: Building2, building: Building2, contract: ScrollText, report: BarChart3, reports: BarChart3, chart: BarChart3,
  admin: Settings, settings: Settings, people: Users, users: Users, team: Users, asset: Boxes, boxes: Boxes, package: Package, audit: ShieldCheck, shield: ShieldCheck,
  project: Flag, flag: Flag, checklist: ListChecks, task: ClipboardCheck, document: FileText, file: FileText, complaint: MessageSquare, message: MessageSquare,
  survey: Star, star: Star, tool: Wrench, wrench: Wrench, supplier: Handshake, handshake: Handshake, help: LifeBuoy,
}

/** An icon by name; unknown names get a plain sheet. */
export function Icon({ name, size = 16 }: { name?: string | undefined; size?: number }) {
  const Found = icons[name ?? ''] ?? FileText
  return <Found size={size} strokeWidth={1.75} aria-hidden />
}
