/*
 * Hosts that hold what belongs to others: pages at social networks, shops at markets, mail boxes. In a list of companies
 * their home page stands for the company itself; what is below it names somebody else, and asking for it would be paid for nothing.
 */

/** Mail boxes under many country endings: any `yahoo.*` that has an official ending. */
const MAIL_BRANDS = new Set(['aol', 'gmx', 'googlemail', 'hotmail', 'outlook', 'protonmail', 'rocketmail', 'yahoo', 'ymail']);
/** Of these there is nothing but mail boxes: the bare name is no company's either. */
const MAILBOX_BRANDS = new Set(['gmail', 'googlemail', 'hotmail', 'rocketmail', 'ymail']);
const MAILBOX_ONLY = new Set(['icloud.com', 'me.com', 'mac.com', 'windowslive.com']);

const MAIL = new Set(words(`
  126.com 139.com 163.com 163.net 188.com 189.cn 21cn.com abv.bg aim.com alice.it aliyun.com arcor.de att.net
  bellsouth.net bigpond.com bk.ru bluewin.ch bol.com.br btinternet.com centrum.cz charter.net comcast.net cox.net
  daum.net docomo.ne.jp duck.com earthlink.net email.cz email.de email.it ezweb.ne.jp fastmail.com fastmail.fm
  foxmail.com free.fr freemail.hu freenet.de frontier.com fastwebnet.it gmail.com gmail.ru hanmail.net hey.com home.nl
  hushmail.com i.ua icloud.com ig.com.br iinet.net.au inbox.lv inbox.ru interia.pl inwind.it juno.com kpnmail.nl
  laposte.net libero.it list.ru live.at live.be live.ca live.cl live.cn live.co.uk live.co.za live.com live.com.ar
  live.com.au live.com.mx live.com.pt live.com.sg live.de live.dk live.fi live.fr live.hk live.ie live.in live.it
  live.jp live.nl live.no live.ru live.se lycos.com mac.com mail.bg mail.com mail.de mail.ee mail.ru mailbox.org
  mailfence.com me.com msn.com naver.com nate.com neuf.fr nifty.com ntlworld.com o2.pl onet.pl online.de optonline.net
  optusnet.com.au orange.fr outlook.com passport.com pm.me posteo.de posteo.net poste.it prodigy.net.mx proton.me
  qq.com rambler.ru rediffmail.com runbox.com sapo.pt sbcglobal.net seznam.cz sfr.fr shaw.ca sina.cn sina.com sky.com
  skynet.be sohu.com startmail.com sympatico.ca t-online.de talktalk.net telenet.be telus.net terra.com.br tim.it
  tin.it tiscali.it tlen.pl tom.com tuta.com tuta.io tutamail.com tutanota.com tutanota.de ukr.net uol.com.br
  usa.net verizon.net virgilio.it virgin.net virginmedia.com volny.cz vp.pl wanadoo.fr web.de windowslive.com wp.pl
  xtra.co.nz ya.ru yandex.com yandex.ru yeah.net ziggo.nl zohomail.com
`));

/** What is at a host of pages, with its article. */
export type PageHost = {
  /** What a page of others there is: `page at a social network`. */
  page: string;
  /** What another host below it is, where that is no page of others: `part of a social network`. */
  part?: string;
  /** Two letters before the name are a language of its home page (`de.linkedin.com`). */
  hasLanguages?: boolean;
  /** What may be done with it instead. */
  advice?: string;
};

const SOCIAL = { page: 'a page at a social network', part: 'a part of a social network', hasLanguages: true };
const DIRECTORY = { page: 'a page of a directory', hasLanguages: true };
const LINK = { page: 'a page at a link service' };
const PUBLISHING = { page: 'a page at a publishing platform' };
const BUILDER = { page: 'a page of a site builder' };
const HELP_DESK = { page: 'a help desk page' };
const CODE = { page: 'a page at a code host' };
const MARKET = { page: 'a shop at a market' };
const MAP = { page: 'a page of a map' };
const ARCHIVE = { page: 'a page of an archive' };
const DOCUMENT = { page: 'a shared document' };

const HOSTS = new Map<string, PageHost>();
for (const [kind, hosts] of [
  [
    SOCIAL,
    `bsky.app discord.com discord.gg facebook.com fb.com fb.me instagram.com kakao.com line.me lnkd.in mastodon.social messenger.com ok.ru
     pinterest.com pinterest.co.uk pinterest.de pinterest.fr quora.com reddit.com signal.me snapchat.com t.me telegram.me threads.com
     threads.net tiktok.com tumblr.com twitch.tv twitter.com vimeo.com vk.com wa.me wechat.com weibo.com whatsapp.com x.com xing.com youtu.be
     youtube.com meetup.com flickr.com dailymotion.com soundcloud.com behance.net dribbble.com patreon.com`,
  ],
  [{ ...SOCIAL, advice: 'it may stand in a LinkedIn column' }, 'linkedin.com'],
  [
    DIRECTORY,
    `angel.co apollo.io capterra.com clutch.co crunchbase.com dnb.com g2.com glassdoor.com glassdoor.co.uk glassdoor.de indeed.com kompass.com
     kununu.com northdata.com northdata.de opencorporates.com owler.com pitchbook.com producthunt.com rocketreach.co tripadvisor.com
     trustpilot.com wellfound.com wikipedia.org wikidata.org yellowpages.com yelp.com zoominfo.com bbb.org`,
  ],
  [
    LINK,
    `about.me beacons.ai bio.link bit.do bit.ly buff.ly cutt.ly forms.gle g.co goo.gl hubs.ly is.gd linkin.bio linktr.ee lnk.bio ow.ly
     page.link qr.ae rb.gy rebrand.ly shorturl.at t.co t.ly tiny.cc tinyurl.com v.gd`,
  ],
  [
    PUBLISHING,
    `blogger.com blogspot.com ghost.io hashnode.dev issuu.com livejournal.com medium.com notion.site notion.so slideshare.net substack.com
     telegra.ph typepad.com wordpress.com`,
  ],
  [
    BUILDER,
    `business.site carrd.co framer.ai framer.website godaddysites.com jimdo.com jimdofree.com jimdosite.com site123.me squarespace.com
     strikingly.com ueniweb.com webflow.io webnode.com webnode.page weebly.com weeblysite.com wix.com wixsite.com yolasite.com`,
  ],
  [HELP_DESK, 'zendesk.com freshdesk.com helpscoutdocs.com intercom.help statuspage.io atlassian.net'],
  [CODE, 'github.com gitlab.com bitbucket.org sourceforge.net codeberg.org npmjs.com pypi.org'],
  [MARKET, 'etsy.com alibaba.com aliexpress.com ebay.com ebay.co.uk ebay.de ebay.fr ebay.it gumroad.com mercadolibre.com rakuten.co.jp taobao.com'],
  [MAP, 'openstreetmap.org waze.com foursquare.com'],
  [ARCHIVE, 'archive.org archive.is archive.ph archive.today'],
  [DOCUMENT, 'dropbox.com calendly.com canva.com docsend.com typeform.com airtable.com'],
] as const) {
  for (const host of words(hosts)) HOSTS.set(host, kind);
}

/** Of companies with many pages of their own, only what holds those of others: a host, or a host and the beginning of a path. */
const OTHERS_AT: readonly { brand: string; name: string; hosts: readonly string[]; paths: readonly string[] }[] = [
  {
    brand: 'google',
    name: 'Google',
    hosts: words('sites docs drive maps play groups plus business books scholar translate webcache news'),
    paths: words('/maps /search /url /store/apps /amp/ /books /imgres'),
  },
  { brand: 'amazon', name: 'Amazon', hosts: words('music smile'), paths: words('/stores /shops /dp/ /gp/ /s /sp /b /product') },
  { brand: 'apple', name: 'Apple', hosts: words('apps itunes maps podcasts music books'), paths: [] },
];

/** Hosts besides those above that send people on to the address in their query. */
const REDIRECTORS = words('bing.com duckduckgo.com slack-redir.net safelinks.protection.outlook.com umblr.com href.li urldefense.com');

/** A name with its registrable domain and that domain without its ending, as the public suffix list has them. */
export type Host = { hostname: string; domain: string; brand: string | undefined };

/** Whether mail boxes of everybody are there; `brand` only counts under an official ending. */
export function isMailProvider({ domain, brand }: Pick<Host, 'domain' | 'brand'>): boolean {
  return MAIL.has(domain) || (brand !== undefined && MAIL_BRANDS.has(brand));
}

/** Whether there is nothing but mail boxes, so that the bare name is no company either. */
export function hasOnlyMailboxes({ domain, brand }: Pick<Host, 'domain' | 'brand'>): boolean {
  return MAILBOX_ONLY.has(domain) || (brand !== undefined && MAILBOX_BRANDS.has(brand));
}

/** The host of pages that a name is or belongs to, and the labels before it; undefined for the name of a company. */
export function pageHostOf(hostname: string): { host: string; before: string; kind: PageHost } | undefined {
  const labels = hostname.split('.');
  for (let from = Math.max(0, labels.length - 4); from < labels.length - 1; from += 1) {
    const host = labels.slice(from).join('.');
    const kind = HOSTS.get(host);
    if (kind !== undefined) return { host, before: labels.slice(0, from).join('.'), kind };
  }
  return undefined;
}

/** Whose page an address at a company with many pages is, in words; undefined for the company's own. `path` begins with `/`, or is empty. */
export function pageOfOthers({ hostname, domain, brand }: Host, path: string): string | undefined {
  const owner = OTHERS_AT.find((candidate) => candidate.brand === brand);
  if (owner === undefined) return undefined;
  const before = hostname.slice(0, -domain.length - 1);
  const isTheirs = owner.hosts.includes(before) || owner.paths.some((start) => path === start || path.startsWith(start.endsWith('/') ? start : `${start}/`));
  return isTheirs ? `a page at ${owner.name}` : undefined;
}

/** Whether an address there may name where it leads to in its query. */
export function mayRedirect({ hostname, brand }: Host): boolean {
  const isRedirector = REDIRECTORS.some((host) => hostname === host || hostname.endsWith(`.${host}`));
  return isRedirector || pageHostOf(hostname) !== undefined || OTHERS_AT.some((candidate) => candidate.brand === brand);
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
