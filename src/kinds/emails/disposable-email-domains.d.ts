/* The list of throwaway domains, CC0; its package has no types. */
declare module 'disposable-email-domains' {
  const domains: string[];
  export default domains;
}
declare module 'disposable-email-domains/wildcard.json' {
  const domains: string[];
  export default domains;
}
