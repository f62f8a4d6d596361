/*
 * Hosts that hold what belongs to others: pages at social networks, shops at markets, help desks. In a list of companies
 * their home page stands for the company itself; what is below it names somebody else, and asking for it would be paid for nothing.
 */

/** A name with its registrable domain and that domain without its ending, as the public suffix list has them. */
export type Host = { hostname: string; domain: string; brand: string | undefined };

/** What is at a host of pages, with its article. */
type PageHost = {
  /** What a page of others there is: `page at a social network`. */
  page: string;
  /** What another host below it is, where that is no page of others: `part of a social network`. */
  part?: string;
  /** Two letters before the name are a language of its home page (`de.linkedin.com`), and hosts below it are its own. */
  hasLanguages?: true;
  /** What may be done with some of its pages instead. */
  advice?: { path: RegExp; text: string };
};

const SOCIAL = { page: 'a page at a social network', part: 'a part of a social network', hasLanguages: true } as const;
const LINKEDIN = { ...SOCIAL, advice: { path: /^\/(?:company|school|showcase)\//, text: 'it may stand in a LinkedIn column' } };
const DIRECTORY = { page: 'a page of a directory', hasLanguages: true } as const;

/** Of `ebay.*` all endings under which a company is in many countries. */
const COUNTRIES = `com at be ca ch cl co cz de dk es eu fi fr gr hk hu ie in it jp nl no nz pl pt ro ru se sg sk tw us co.id co.il co.in co.jp co.kr
  co.nz co.th co.uk co.za com.ar com.au com.br com.cn com.co com.hk com.mx com.my com.pe com.ph com.sg com.tr com.tw com.ua com.vn`.split(/\s+/);

const KINDS: readonly (readonly [PageHost, string])[] = [
  [LINKEDIN, 'linkedin.com'],
  [
    SOCIAL,
    `bandcamp.com behance.net bilibili.com bsky.app bsky.social clubhouse.com dailymotion.com deviantart.com discord.com discord.gg douyin.com
     dribbble.com facebook.com fb.com fb.me fb.watch flickr.com gab.com instagr.am instagram.com kakao.com line.me lnkd.in mastodon.social meetup.com
     messenger.com mixcloud.com myspace.com nextdoor.com odnoklassniki.ru ok.ru patreon.com pin.it pinterest.* quora.com reddit.com rumble.com
     signal.me snapchat.com soundcloud.com steamcommunity.com strava.com t.me telegram.me threads.com threads.net tiktok.com truthsocial.com
     tumblr.com twitch.tv twitter.com viadeo.com vimeo.com vk.com vkontakte.ru wa.me wechat.com weibo.com whatsapp.com x.com xiaohongshu.com
     xing.com youtu.be youtube.com`,
  ],
  [
    DIRECTORY,
    `11880.com angel.co angi.com angieslist.com apollo.io bbb.org bizapedia.com boards.greenhouse.io builtin.com capterra.* clutch.co
     contactout.com craft.co crunchbase.com cylex.* designrush.com dnb.com europages.* f6s.com fiverr.com freelancer.com g2.com gelbeseiten.de
     getapp.com glassdoor.* goodfirms.co growjo.com homeadvisor.com hotfrog.* houzz.* imdb.com indeed.* job-boards.greenhouse.io jobs.ashbyhq.com
     jobs.lever.co justdial.com kompass.com kununu.com lusha.com manta.com monster.* myworkdayjobs.com northdata.com northdata.de
     opencorporates.com owler.com paginasamarillas.es paginegialle.it pagesjaunes.fr pappers.fr pitchbook.com producthunt.com rocketreach.co
     societe.com softwareadvice.com sortlist.* superpages.com thomasnet.com thumbtack.com tracxn.com tripadvisor.* trustpilot.* upwork.com
     wellfound.com wikidata.org wikipedia.org wlw.de yell.com yellowpages.ca yellowpages.com yellowpages.com.au yelp.* zomato.com zoominfo.com`,
  ],
  [
    { page: 'a page at a link service' },
    `a.co about.me adf.ly aka.ms amzn.eu amzn.to beacons.ai bio.link bio.site bit.do bit.ly buff.ly campsite.bio clck.ru clicktime.symantec.com
     cutt.ly dlvr.it dub.sh eepurl.com flow.page forms.gle g.co g.page geni.us go.redirectingat.com goo.gl hoo.be href.li hubs.ly ift.tt is.gd j.mp
     linkbio.co linkfly.to linkin.bio linkpop.com linkprotect.cudasvc.com linktr.ee lnk.bio lnk.to many.link mez.ink milkshake.app msha.ke ow.ly
     page.link qr.ae qrco.de rb.gy rebrand.ly s.id safelinks.protection.outlook.com short.io shor.by shorturl.at slack-redir.net snip.ly solo.to
     spoti.fi start.page t.co t.ly tap.bio taplink.cc tiny.cc tiny.one tinyurl.com tr.ee trib.al u.to umblr.com urldefense.com
     urldefense.proofpoint.com v.gd vk.cc wa.link wp.me zaap.bio`,
  ],
  [
    { page: 'a page at a publishing platform' },
    `ameblo.jp bearblog.dev beehiiv.com blog.naver.com blogger.com blogspot.* calameo.com campaign-archive.com canalblog.com dev.to ghost.io
     gitbook.io hashnode.com hashnode.dev hatenablog.com hubpages.com issuu.com livejournal.com mailchi.mp medium.com note.com notion.site
     notion.so over-blog.com overblog.com posthaven.com prezi.com readme.io scribd.com slideshare.net speakerdeck.com steemit.com substack.com
     super.site svbtle.com telegra.ph tistory.com typepad.com wordpress.com write.as yumpu.com`,
  ],
  [
    { page: 'a page of a site builder' },
    `000webhostapp.com angelfire.com beepworld.de bigcartel.com bubbleapps.io business.site canva.site carrd.co clickfunnels.com company.site
     dorik.io e-monsite.com ecwid.com editorx.io framer.ai framer.app framer.media framer.photos framer.website framer.wiki geocities.com
     glide.page godaddysites.com homestead.com hostingersite.com hs-sites.com hubspotpagebuilder.com hubspotpagebuilder.eu jimdo.com jimdofree.com
     jimdosite.com kartra.com lpages.co multiscreensite.com mybigcommerce.com myfreesites.net mykajabi.com mystrikingly.com negocio.site
     npage.de pagesperso-orange.fr podia.com shoplightspeed.com site123.me softr.app square.site squarespace.com strikingly.com systeme.io
     teachable.com thinkific.com tilda.ws tripod.com typedream.app ucraft.net ueniweb.com unbouncepages.com volusion.com webador.* webflow.io
     webnode.* webnode.page webs.com weebly.com weeblysite.com wix.com wixsite.com wixstudio.com wixstudio.io yolasite.com zohosites.com zyrosite.com`,
  ],
  [
    { page: 'a help desk page' },
    `atlassian.net crisp.help desk.com document360.io force.com freshchat.com freshdesk.com freshservice.com gorgias.help groovehq.com happyfox.com
     helpdocs.io helpjuice.com helpscoutdocs.com intercom.help kayako.com my.salesforce.com my.site.com service-now.com statuspage.io tawk.help
     uservoice.com zendesk.com zohodesk.com`,
  ],
  [
    { page: 'a page at a code host' },
    `bitbucket.org codeberg.org codepen.io codesandbox.io crates.io gitee.com github.com githubusercontent.com gitlab.com hub.docker.com
     huggingface.co jsfiddle.net kaggle.com launchpad.net npmjs.com nuget.org packagist.org pypi.org replit.com rubygems.org sourceforge.net
     stackblitz.com`,
  ],
  [
    { page: 'a shop at a market' },
    `1688.com alibaba.com aliexpress.* allegro.pl bonanza.com bukalapak.com buymeacoffee.com craigslist.org depop.com dhgate.com discogs.com ebay.*
     ebay-kleinanzeigen.de etsy.com eventbrite.* faire.com folksy.com globalsources.com gofundme.com gumroad.com gumtree.* indiamart.com indiegogo.com
     itch.io kickstarter.com kleinanzeigen.de ko-fi.com lazada.* leboncoin.fr made-in-china.com mercadolibre.* mercadolivre.com.br myspreadshop.*
     notonthehighstreet.com olx.* payhip.com poshmark.com rakuten.co.jp redbubble.com reverb.com shopee.* society6.com taobao.com teepublic.com
     tmall.com tokopedia.com tradeindia.com vinted.* wish.com zazzle.*`,
  ],
  [{ page: 'a page of a map' }, '2gis.com 2gis.ru foursquare.com mapquest.com openstreetmap.org waze.com wego.here.com what3words.com'],
  [
    { page: 'a page of an archive' },
    'archive.fo archive.is archive.li archive.md archive.org archive.ph archive.today archive.vn ghostarchive.org perma.cc webcitation.org',
  ],
  [
    { page: 'a shared document' },
    `1drv.ms acuityscheduling.com airtable.com booksy.com box.com calendly.com canva.com coda.io docsend.com doodle.com dropbox.com evernote.com
     forms.office.com fresha.com googleusercontent.com jotform.com loom.com mediafire.com mega.nz miro.com onedrive.live.com padlet.com
     setmore.com sharepoint.com simplybook.me surveymonkey.com sway.office.com trello.com typeform.com we.tl wetransfer.com zoom.us`,
  ],
];
const HOSTS = new Map(KINDS.flatMap(([kind, names]) => namesIn(names).map((name) => [name, kind] as const)));

/** Of companies with many pages of their own, under whichever ending, only what holds those of others: hosts and paths. */
const OTHERS_AT = new Map<string, { name: string; hosts: string; paths: RegExp }>([
  [
    'google',
    {
      name: 'Google',
      hosts: 'sites docs drive maps play groups plus business books scholar translate webcache news photos forms',
      paths: /^\/(?:maps|search|url|aclk|store\/apps|amp|books|imgres)(?:\/|$)/,
    },
  ],
  ['amazon', { name: 'Amazon', hosts: 'music smile', paths: /^\/(?:stores|shops|gp|s|sp|b|product)(?:\/|$)|\/dp\// }],
  ['apple', { name: 'Apple', hosts: 'apps itunes maps podcasts music books', paths: /^\/(?!.)/ }],
  ['microsoft', { name: 'Microsoft', hosts: 'teams appsource azuremarketplace', paths: /^\/(?!.)/ }],
  ['bing', { name: 'Bing', hosts: '', paths: /^\/(?:maps|search|ck)(?:\/|$)/ }],
  ['duckduckgo', { name: 'DuckDuckGo', hosts: '', paths: /^\/l(?:\/|$)/ }],
  ['yandex', { name: 'Yandex', hosts: 'maps market disk', paths: /^\/(?:maps|search)(?:\/|$)/ }],
  ['baidu', { name: 'Baidu', hosts: 'baike map tieba pan', paths: /^\/(?:s|link)(?:\/|$)/ }],
  ['spotify', { name: 'Spotify', hosts: 'open', paths: /^\/(?!.)/ }],
]);

const LANGUAGE = /^[a-z]{2}(?:-[a-z]{2})?(?:\.m)?$/;

/** What an address is in words, where it is a page of others. `path` begins with `/`, or is empty. An e-mail address has none. */
export function pageIn(host: Host, { path, isMail }: { path: string; isMail: boolean }): string | undefined {
  const at = pageHostOf(host.hostname);
  if (isMail) return at === undefined || at.before === '' || at.kind.hasLanguages === true ? undefined : `${at.kind.page}, not a company`;
  const others = pageOfOthers(host, path);
  if (others !== undefined) return `${others}, not a company`;
  if (at === undefined) return undefined;
  const { before, kind } = at;
  const isHome = path === '' || path === '/';
  const isOwn = /^(?:|www|m|mobile)$/.test(before) || (kind.hasLanguages === true && LANGUAGE.test(before));
  if (isOwn && isHome) return undefined;
  const advice = kind.advice?.path.test(path) === true ? `; ${kind.advice.text}` : '';
  return `${isOwn ? kind.page : (kind.part ?? kind.page)}, not a company${advice}`;
}

/** The domain for which the home page of a host of pages stands; undefined for other names. */
export function homeDomain({ hostname, domain }: Host): string | undefined {
  const host = pageHostOf(hostname)?.host;
  return host?.endsWith(`.${domain}`) === true ? domain : host;
}

/** Whether an address there may name where it leads to in its query. */
export function mayRedirect({ hostname, brand }: Host): boolean {
  return pageHostOf(hostname) !== undefined || (brand !== undefined && OTHERS_AT.has(brand));
}

/** Whether a name is one of these, or below one. */
export function isAt(names: ReadonlySet<string>, hostname: string): boolean {
  return namesAbove(hostname).some((name) => names.has(name));
}

/** The names in a text, with one for each country in place of `name.*`. */
export function namesIn(text: string): string[] {
  return text.trim().split(/\s+/).flatMap((name) => (name.endsWith('.*') ? COUNTRIES.map((ending) => name.slice(0, -1) + ending) : name));
}

/** The host of pages that a name is or belongs to, and the labels before it. */
function pageHostOf(hostname: string): { host: string; before: string; kind: PageHost } | undefined {
  for (const host of namesAbove(hostname)) {
    const kind = HOSTS.get(host);
    if (kind !== undefined) return { host, before: hostname.slice(0, -host.length - 1), kind };
  }
  return undefined;
}

/** A name and those that it is below, down to two labels. None in a list is longer than four. */
function namesAbove(hostname: string): string[] {
  const labels = hostname.split('.');
  return [4, 3, 2].filter((count) => count <= labels.length).map((count) => labels.slice(-count).join('.'));
}

/** Whose page an address at a company with many pages is, in words; undefined for the company's own. */
function pageOfOthers({ hostname, domain, brand }: Host, path: string): string | undefined {
  const owner = brand === undefined ? undefined : OTHERS_AT.get(brand);
  if (owner === undefined) return undefined;
  const before = hostname.slice(0, -domain.length - 1).replace(/^www\./, '');
  return before !== '' && owner.hosts.split(' ').includes(before) || owner.paths.test(path) ? `a page at ${owner.name}` : undefined;
}
