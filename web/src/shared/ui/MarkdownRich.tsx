import ReactMarkdown from 'react-markdown'
import rehypeSanitize from 'rehype-sanitize'
import remarkGfm from 'remark-gfm'
import css from './Markdown.module.css'

/** A line break is a line break, as people expect of a message. */
const breaks = (text: string) => text.replace(/([^\n])\n(?=[^\n])/g, '$1  \n')

export default function MarkdownRich({ text }: { text: string }) {
  return (
    <div className={css.rich}>
      <ReactMarkdown
        remarkPlugins={[remarkGfm]}
        rehypePlugins={[rehypeSanitize]}
        components={{
          a: ({ href, children }) => <a href={href} target="_blank" rel="noreferrer noopener">{children}</a>,
          img: ({ alt, src }) => <a href={typeof src === 'string' ? src : '#'} target="_blank" rel="noreferrer noopener">{alt || 'image'}</a>,
        }}
      >
        {breaks(text)}
      </ReactMarkdown>
    </div>
  )
}
