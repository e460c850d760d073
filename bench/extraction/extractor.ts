/** The one place where the bench calls the product's extraction. */
import { extractPage } from '../../pipelines/extract/html/index.ts'

export type Mode = 'balanced' | 'precision' | 'recall' | 'union'
export type Format = 'text' | 'markdown' | 'html'

export interface Request {
  url: string
  charset: string
  mode: Mode
  format: Format
}

export interface Found {
  text: string
  title?: string | undefined
  author?: string | undefined
  date?: string | undefined
  language?: string | undefined
  type?: string | undefined
  confidence?: number | undefined
}

export function extractOne(page: Uint8Array, request: Request): Found {
  return extractPage(page, request.charset || undefined, {
    links: request.format === 'text' ? 'text' : 'markdown',
    maxNodes: 1e6,
    maxDepth: 512,
  })
}
