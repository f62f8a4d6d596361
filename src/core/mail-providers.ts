/* Who gives mail boxes to everybody: an address there says nothing of the company that its owner works for. */
import { isAt, namesIn, type Host } from './page-hosts.ts';

/** Under any official ending. */
const BRANDS = new Set(['aol', 'gmx', 'googlemail', 'hotmail', 'outlook', 'protonmail', 'rocketmail', 'yahoo', 'ymail']);
/** Of these there is nothing but mail boxes: the bare name is no company's either. */
const MAILBOX_BRANDS = new Set(['gmail', 'googlemail', 'hotmail', 'rocketmail', 'ymail']);
const MAILBOX_ONLY = new Set(namesIn('icloud.com mac.com me.com windowslive.com'));

const PROVIDERS = new Set(namesIn(`
  live.* msn.* mail.com email.com usa.com europe.com post.com myself.com consultant.com engineer.com accountant.com dr.com techie.com
  126.com 139.com 163.com 163.net 188.com 189.cn 21cn.com aliyun.com foxmail.com qq.com sina.cn sina.com sina.com.cn sohu.com tom.com yeah.net
  abv.bg aim.com alice.it aliceadsl.fr arcor.de aruba.it att.net bellsouth.net bigpond.com bigpond.net.au bk.ru blueyonder.co.uk bluewin.ch
  bol.com.br btinternet.com bt.com centrum.cz charter.net club-internet.fr comcast.net cox.net cs.com daum.net docomo.ne.jp dodo.com.au duck.com
  earthlink.net eircom.net email.cz email.de email.it embarqmail.com excite.com ezweb.ne.jp fastmail.com fastmail.fm fastwebnet.it free.fr
  freemail.hu freenet.de frontier.com frontiernet.net gmail.com gmail.ru hanmail.net hey.com home.nl hotmail.com hushmail.com i.softbank.jp i.ua
  icloud.com ig.com.br iinet.net.au inbox.com inbox.lv inbox.ru interia.eu interia.pl internode.on.net inwind.it juno.com kpnmail.nl kolabnow.com
  laposte.net libero.it list.ru lycos.com mac.com mail.bg mail.de mail.ee mail.ru mailbox.org mailfence.com me.com mindspring.com naver.com nate.com
  netscape.net netzero.com netzero.net neuf.fr nifty.com ntlworld.com numericable.fr o2.co.uk o2.pl oi.com.br onet.eu onet.pl online.de online.no
  optimum.net optonline.net optusnet.com.au orange.fr outlook.com passport.com peoplepc.com planet.nl pm.me pobox.com poczta.fm posteo.de posteo.net
  poste.it prodigy.net prodigy.net.mx proton.me quicknet.nl r7.com rambler.ru rediffmail.com roadrunner.com rogers.com rr.com runbox.com sapo.pt
  sbcglobal.net seznam.cz sfr.fr shaw.ca simnet.is singnet.com.sg sky.com skynet.be snet.net softbank.ne.jp startmail.com suddenlink.net swbell.net
  sympatico.ca t-online.de talktalk.net telenet.be telia.com telus.net terra.com.br tim.it tin.it tiscali.co.uk tiscali.it tlen.pl tpg.com.au
  tuta.com tuta.io tutamail.com tutanota.com tutanota.de uol.com.br ukr.net upcmail.nl verizon.net versatel.nl videotron.ca virgilio.it virgin.net
  virginmedia.com vodafone.it volny.cz vp.pl wanadoo.fr web.de westnet.com.au windowslive.com windstream.net wp.pl xs4all.nl xtra.co.nz
  ya.ru yandex.by yandex.com yandex.kz yandex.ru yandex.ua zeelandnet.nl ziggo.nl zoho.com zoho.eu zohomail.com zohomail.eu
  privaterelay.appleid.com users.noreply.github.com
`));

/** Whether mail boxes of everybody are there. */
export function isMailProvider({ hostname, brand }: Host): boolean {
  return isAt(PROVIDERS, hostname) || (brand !== undefined && BRANDS.has(brand));
}

/** Whether there is nothing but mail boxes, so that the bare name is no company either. */
export function hasOnlyMailboxes({ hostname, brand }: Host): boolean {
  return isAt(MAILBOX_ONLY, hostname) || (brand !== undefined && MAILBOX_BRANDS.has(brand));
}
