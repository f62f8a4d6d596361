/*
 * The word lists from which the sandbox invents people and companies. Names of many cultures on purpose: accents,
 * apostrophes, hyphens, several words and other scripts are what a list of real contacts has too.
 */

/** A name as it is written, and as it stands in an e-mail address. */
export type Name = { written: string; slug: string };

/** First and last names that go together. */
export type Culture = { first: Name[]; last: Name[] };

/** A place, and the country under its full English name, as the API gives it. */
export type Place = { location: string; country: string };

const LETTERS: Record<string, string> = {
  ß: 'ss', ø: 'o', æ: 'ae', œ: 'oe', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ı: 'i',
};

/** Lower case and without marks, so that `José` and `JOSE` compare equal; other scripts stay as they are. */
export function plainText(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/\s+/g, ' ').trim();
}

function latin(names: string): Name[] {
  return names.split(', ').map((written) => {
    const plain = plainText(written).replace(/[^a-z]/g, (letter) => LETTERS[letter] ?? (letter === '-' || letter === ' ' ? '-' : ''));
    return { written, slug: plain };
  });
}

function spelled(names: Record<string, string>): Name[] {
  return Object.entries(names).map(([written, slug]) => ({ written, slug }));
}

/** Names in the Latin alphabet, which are mixed freely: families move. */
export const LATIN: Culture = {
  first: latin(
    'Maren, Teodor, Aoife, Søren, Zoë, José, Łucja, Jean-Luc, Ngozi, Ibrahim, Şule, Mateo, Inês, Björn, Chloé, Marisol, Dário, ' +
      'Anneliese, Kwame, Priya, Rohan, Siobhán, Wojciech, Eszter, Luca, Beatriz, Tomáš, Jiří, Niamh, Oluwaseun, Fatoumata, Emre, ' +
      'Nguyễn Anh, Mei-Ling, Keanu, Anahí, Tiago, Ragnhild, Åsa, Eevi, Mārtiņš, Rūta, Žaneta, Dragan, Vesna, Ștefan, Ioana, Amélie, ' +
      'François, Giselle, Harriet, Desmond, Marguerite, Callum, Imogen, Yusuf, Leila, Dara, Noor, Samir, Thandiwe, Sipho, Aroha, Tane, ' +
      'Mary Kate, Anna-Lena, Renée, Óscar, Ximena, Joaquín, Valentína, Hélène, Gauthier, Freya, Halvard, Linnéa, Ondřej, Agnieszka',
  ),
  last: latin(
    "Okafor-Lind, Bălan, O'Sullivan, D'Angelo, van der Meer, Núñez, García Márquez, Nowak, Żuraw, Müller, Weiß, Sørensen, Lindqvist, " +
      'Ó Briain, Mac Giolla, Fitzgerald-Hughes, Adeyemi, Mensah, Ndlovu, Dlamini, Çelik, Yıldırım, Demirci, Nguyen, Trần, Phạm, ' +
      'Castellanos, Ferreira, Gonçalves, Azevedo, Rossi, De Luca, Bianchi, Lefèvre, Dubois, Saint-Exupère, Kovačević, Horvat, ' +
      'Petrović, Szabó, Nagy, Novotný, Dvořáková, Kučera, Jónsdóttir, Þorsteinsson, Virtanen, Mäkinen, Tamm, Kalniņa, Kazlauskas, ' +
      'Popescu, Ionescu, Papadakis, Haddad, El-Amin, Ben Youssef, Rahman, Chowdhury, Iyer, Krishnamurthy, Patel, Tan, Wong-Rieger, ' +
      'Kealoha, Tūhoe, Whitaker, Ashdown, Penhaligon, McAllister, St. Clair, Thornbury, Vantongeren, Bruyère, Halloran, Quispe, ' +
      'Huamán, Ibáñez, Echeverría, Zubizarreta, Etxeberria, Vandenberghe, Østergaard, Ångström-Hall, Kjærgaard, Schäfer, Grünewald',
  ),
};

/** Names in other scripts, each with a spelling for the address. */
export const OTHER_SCRIPTS: readonly Culture[] = [
  {
    first: spelled({ 美咲: 'misaki', 健太: 'kenta', 陽子: 'yoko', さくら: 'sakura', 翔: 'sho' }),
    last: spelled({ 田中: 'tanaka', 小野寺: 'onodera', 渡辺: 'watanabe', 三浦: 'miura', 長谷川: 'hasegawa' }),
  },
  {
    first: spelled({ Оксана: 'oksana', Дмитро: 'dmytro', Світлана: 'svitlana', Іван: 'ivan', Людмила: 'lyudmyla' }),
    last: spelled({ Бондаренко: 'bondarenko', Ковальчук: 'kovalchuk', Лисенко: 'lysenko', Мельник: 'melnyk' }),
  },
  {
    first: spelled({ Ελένη: 'eleni', Νίκος: 'nikos', Σοφία: 'sofia', Γιώργος: 'giorgos' }),
    last: spelled({ Παπαδοπούλου: 'papadopoulou', Αντωνίου: 'antoniou', Δημητρίου: 'dimitriou', Καραγιάννης: 'karagiannis' }),
  },
  {
    first: spelled({ سارة: 'sara', يوسف: 'yousef', ليلى: 'layla', كريم: 'karim' }),
    last: spelled({ الحسن: 'alhassan', منصور: 'mansour', الخطيب: 'alkhatib', درويش: 'darwish' }),
  },
  {
    first: spelled({ 서연: 'seoyeon', 민준: 'minjun', 지우: 'jiwoo', 하은: 'haeun' }),
    last: spelled({ 김: 'kim', 박: 'park', 최: 'choi', 남궁: 'namgung' }),
  },
];

/** Where invented people live. Some do not say. */
export const PLACES: readonly Place[] = Object.entries({
  'United States': ['Portland, Oregon', 'Austin, Texas', 'Saint Paul, Minnesota', 'Brooklyn, New York'],
  'United Kingdom': ['Leeds, England', 'Cardiff, Wales', 'Edinburgh, Scotland'],
  France: ['Lyon, Auvergne-Rhône-Alpes', 'Nantes, Pays de la Loire'],
  Germany: ['Köln, Nordrhein-Westfalen', 'Berlin', 'München, Bayern'],
  Spain: ['A Coruña, Galicia', 'València'],
  Netherlands: ["'s-Hertogenbosch, Noord-Brabant", 'Utrecht'],
  Poland: ['Łódź', 'Gdańsk, Pomorskie'],
  Brazil: ['São Paulo', 'Florianópolis, Santa Catarina'],
  Japan: ['Osaka', 'Sapporo, Hokkaido'],
  India: ['Pune, Maharashtra', 'Kochi, Kerala'],
  Nigeria: ['Lagos', 'Ibadan, Oyo'],
  Canada: ['Montréal, Québec', 'Halifax, Nova Scotia'],
  Ireland: ['Dún Laoghaire, Leinster'],
  "Côte d'Ivoire": ['Abidjan'],
}).flatMap(([country, cities]) => cities.map((city) => ({ location: `${city}, ${country}`, country })));

/** What invented companies do, in the words of a profile page. */
export const INDUSTRIES: readonly string[] = [
  'Automation Machinery Manufacturing', 'Software Development', 'Maritime Transportation', 'Renewable Energy Power Generation',
  'Hospitals and Health Care', 'Food & Beverages', 'Furniture and Home Furnishings', 'Environmental Services', 'Insurance',
];
/** Head counts as the API writes them. */
export const SIZES: readonly string[] = ['2-10', '11-50', '51-200', '201-500', '501-1000', '1001-5000', '10001+'];
/** Former employers of invented people: a name and its slug. */
export const FORMER: readonly Name[] = latin('Tidewater Sensors, Copperfield Looms, Larkspur Freight, Blåfjell Energi, Quillon Systems');
/** Three-digit area codes; numbers 555-0100 to 555-0199 behind any of them are reserved for fiction. */
export const AREA_CODES: readonly string[] = ['503', '206', '312', '617', '720', '416'];
