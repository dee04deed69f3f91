import { apiUrl, csrfToken } from '@/api/client'
import { Problem } from '@/api/problem'
import type { FileRef } from '@/api/types'
import { lang } from '../lib/i18n'

/** Sends one file and tells how far it is, 0 to 1. */
export function upload(file: File, progress: (part: number) => void): Promise<FileRef> {
  return new Promise((resolve, reject) => {
    const body = new FormData()
    body.append('file', file, file.name)
    const x = new XMLHttpRequest()
    x.open('POST', apiUrl('/files'))
    x.setRequestHeader('X-CSRF-Token', csrfToken())
    x.setRequestHeader('Accept-Language', lang() === 'zh-CN' ? 'zh' : 'en')
    x.responseType = 'json'
    x.upload.onprogress = (e) => e.lengthComputable && progress(e.loaded / e.total)
    x.onload = () => (x.status < 300 ? resolve(x.response as FileRef) : reject(new Problem(x.status, (x.response as object) ?? {})))
    x.onerror = () => reject(new TypeError('network'))
    x.send(body)
  })
}
