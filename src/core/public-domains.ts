/*
 * Domains that belong to everybody: mail boxes, social networks, link pages, publishing platforms. In a list of
 * companies they stand for somebody's address or profile, and the API refuses most of them; asking would be wasted.
 */

/** Free mail under many country endings: any `yahoo.*` that has an official ending. */
const MAIL_BRANDS = new Set(['aol', 'gmx', 'googlemail', 'hotmail', 'outlook', 'protonmail', 'rocketmail', 'yahoo', 'ymail']);

const MAIL = `
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
`;

const SOCIAL = `
  bsky.app discord.com discord.gg facebook.com fb.com fb.me instagram.com kakao.com line.me linkedin.com lnkd.in
  mastodon.social messenger.com ok.ru pinterest.com quora.com reddit.com signal.me snapchat.com t.me telegram.me
  threads.com threads.net tiktok.com tumblr.com twitch.tv twitter.com vimeo.com vk.com wa.me wechat.com weibo.com
  whatsapp.com x.com xing.com youtu.be youtube.com
`;

const DIRECTORY = `
  angel.co apollo.io capterra.com clutch.co crunchbase.com dnb.com g2.com glassdoor.com indeed.com northdata.com
  northdata.de pitchbook.com trustpilot.com wellfound.com wikipedia.org yelp.com zoominfo.com
`;

const LINK = `
  about.me beacons.ai bio.link bit.do bit.ly buff.ly cutt.ly forms.gle goo.gl hubs.ly is.gd linkin.bio linktr.ee
  lnk.bio ow.ly page.link qr.ae rb.gy rebrand.ly shorturl.at t.co t.ly tiny.cc tinyurl.com v.gd
`;

const PLATFORM = `
  blogger.com ghost.io livejournal.com medium.com notion.site notion.so substack.com typepad.com wordpress.com
`;

const KINDS = new Map<string, string>();
for (const [kind, domains] of [
  ['a free e-mail provider', MAIL],
  ['a social network', SOCIAL],
  ['a directory of other companies', DIRECTORY],
  ['a link service', LINK],
  ['a publishing platform', PLATFORM],
] as const) {
  for (const domain of domains.trim().split(/\s+/)) KINDS.set(domain, kind);
}

/**
 * What a public domain is, in words with their article (`a social network`), or undefined when it may well be a company's.
 * `brand` is the domain without its ending (`yahoo` of `yahoo.co.jp`), left out when the ending is no official one.
 */
export function kindOfPublicDomain(domain: string, brand?: string): string | undefined {
  if (brand !== undefined && MAIL_BRANDS.has(brand)) return 'a free e-mail provider';
  return KINDS.get(domain);
}
