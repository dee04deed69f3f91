// Sets theme and language before the first paint. The app keeps both keys up to date.
;(function () {
  var root = document.documentElement
  try {
    var theme = localStorage.getItem('steward.theme')
    var dark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
    root.dataset.theme = dark ? 'dark' : 'light'
    root.lang = localStorage.getItem('steward.lang') || (navigator.language.slice(0, 2) === 'zh' ? 'zh-CN' : 'en-US')
  } catch {
    root.dataset.theme = 'light'
  }
})()
