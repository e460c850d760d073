/** Share of the text that stands in quotation marks; documents with more than `most` of it go. An example: docs/filtering.md. */
export default batch => {
  const shares = batch.ids.map((_, row) => {
    const text = batch.text(row)
    const quoted = text.match(/"[^"\n]{1,400}"|“[^”\n]{1,400}”/g) ?? []
    return text.length ? quoted.reduce((sum, part) => sum + part.length, 0) / text.length : Number.NaN
  })
  const { most } = batch.options
  return {
    verdicts: shares.map(share => (share > most ? { reason: 'mostly_quoted', value: share, threshold: most } : null)),
    statistics: { quoted_share: shares },
  }
}
