"""Word lists for companies, jobs and industries. Data for `notice_company`."""

from __future__ import annotations

COMPANY_SUFFIX = (
    r"(?:\(Pty\) Ltd|Pty\.? Ltd|Pvt\.? Ltd|Co\.,? Ltd|Sdn\.? Bhd|Sp\. z o\.?o|"
    r"S\.?r\.?l|S\.?p\.?A|S\.?A\.?S|S\.?A|"
    r"A/S|ApS|AS|AB|Oy|Oyj|AG|SE|KG|OHG|GmbH(?: & Co\.? KG)?|e\.?K|B\.?V|N\.?V|Ltd|"
    r"Limited|LLP|LLC|L\.L\.C|Inc|"
    r"Incorporated|Corp|Corporation|Company|Co|PLC|plc|SRL|SARL|SAS|SpA|SA|Kft|Zrt|"
    r"d\.o\.o|s\.r\.o|a\.s|JSC|"
    r"OOO|ООО|Ltda|Lda|S\.?A\. de C\.?V|Group|Holdings?|Partners|Foundation|Trust|Bank|University|"
    r"Hospital|Clinic|Labs?|Studios?|Technologies|Systems|Solutions|Software|Foods?|"
    r"Logistics|Pharma\w*|"
    r"Industries|Enterprises|Works|Consulting|Agency|Institute|College|School|Council|"
    r"Ministry|Union|"
    r"Hotels?|Services|Biologics|Biotech|Storage|Farms?|Brewery|Bakery|Pharmacy|Pharmacies|Hospice)"
)

# Words that make a phrase a job; the modifiers before them are part of it.
JOB_NOUNS = (
    r"(?:managers?|directors?|engineers?|developers?|officers?|analysts?|consultants?|architects?|"
    r"coordinators?|specialists?|assistants?|administrators?|admins?|technicians?|"
    r"buyers?|founders?|"
    r"co-?founders?|owners?|co-?owners?|presidents?|vice presidents?|chairman|chairwoman|partners?|"
    r"leads?|leaders?|supervisors?|executives?|designers?|accountants?|controllers?|"
    r"comptrollers?|pharmacists?|"
    r"scientists?|researchers?|nurses?|doctors?|dentists?|surgeons?|chefs?|bakers?|"
    r"farmers?|teachers?|principal|"
    r"lawyers?|solicitors?|paralegals?|secretary|recruiters?|marketers?|strategists?|planners?|"
    r"merchandisers?|freelancers?|contractors?|electricians?|plumbers?|builders?|programmers?|"
    r"sysadmins?|product owner|scrum master|head chef|representatives?|agents?|brokers?|trader|"
    r"professor|lecturer|librarian|curator|editor|journalist|producer|photographer|vet|"
    r"veterinarian|"
    r"superintendent|foreman|operator|treasurer|auditor|inspector|procurement|ceo|cto|"
    r"cfo|coo|cio|cmo|"
    r"cpo|cso|ciso|cro|chro|md|vp|svp|evp)"
)
ACRONYMS = r"(?:CEO|CTO|CFO|COO|CIO|CMO|CPO|CSO|CISO|CRO|CHRO|MD|VP|SVP|EVP)"

FUNCTIONS = (
    r"(?:ops|operations|marketing|sales|it|engineering|procurement|purchasing|finance|"
    r"hr|people|support|"
    r"growth|logistics|supply chain|quality|qa|compliance|facilities|product|design|data|security|"
    r"manufacturing|production|maintenance|customer (?:success|service|support)|"
    r"business development|"
    r"communications|legal|research|r&d|the warehouse|the warehouses|the lab|the kitchen|the fleet|"
    r"the pharmacy|the shop|the office|infrastructure|partnerships|administration|the cold chain|"
    r"accounts|accounting|training|transport|e-?commerce|merchandising|safety|"
    r"the (?:it|sales|marketing|support|engineering|finance|quality|operations|data|"
    r"hr) (?:team|department))"
)

# What is said -> the industry as it is stored. Longer phrases first.
INDUSTRIES: tuple[tuple[str, str], ...] = (
    (r"food (?:manufactur\w+|production|processing)", "food manufacturing"),
    (r"fin-?tech(?: company| startup| firm)?", "fintech"),
    (r"insur-?tech", "insurance"),
    (r"ed-?tech|e-?learning", "education"),
    (r"med-?tech|medical devices?(?: manufacturer| maker)?", "medical devices"),
    (
        r"prop-?tech|real[- ]estate|estate agen\w+|property (?:management|management "
        r"company|developers?)",
        "real estate",
    ),
    (r"insurance(?: broker| company| agency)?|insurers?", "insurance"),
    (r"pharmac(?:y|ies)|drug ?stores?|chemists", "pharmacy"),
    (r"pharmaceuticals?|pharma(?: company)?", "pharmaceuticals"),
    (r"bio-?tech(?:nology)?(?: company| startup| firm)?|biologics|life sciences?", "biotech"),
    (
        r"veterinary(?: clinics?| practices?)?|vet (?:clinics?|practices?)|animal "
        r"hospitals?",
        "veterinary",
    ),
    (
        r"health-?care|hospitals?(?: group)?|medical (?:practice|clinic|center|centre)s?|"
        r"clinics?|hospices?|dental (?:practice|clinic)s?|nursing homes?|care homes?",
        "healthcare",
    ),
    (r"law firms?|legal (?:services|sector)|solicitors'? (?:firm|practice)|legal", "legal"),
    (
        r"restaurants?|hotels?|hospitality|cafés?|cafes?|pubs?|bars|catering(?: company| "
        r"business)?|caterers?",
        "hospitality",
    ),
    (
        r"food (?:and|&) (?:beverage|drink)s?|brewer(?:y|ies)|baker(?:y|ies)|winer(?:y|"
        r"ies)|dairy|dairies|cheese(?:makers?)?|ice cream|food (?:company|business|"
        r"producers?)|butchers?|distiller(?:y|ies)|coffee roasters?|chocolat\w+",
        "food & beverage",
    ),
    (r"seafood|fisher(?:y|ies)|fishing", "seafood"),
    (r"e-?commerce|online (?:shop|store|retail\w*)s?", "e-commerce"),
    (
        r"retail(?:ers?)?|supermarkets?|grocery(?: stores?| chain)?|flower shops?|"
        r"florists?|book ?shops?|shops|clothing stores?",
        "retail",
    ),
    (
        r"logistics(?: company| provider| firm)?|freight(?: forward\w+)?|trucking(?: "
        r"company)?|haulage|couriers?|transport(?:ation)? company",
        "logistics",
    ),
    (r"warehousing|cold storage(?: company)?", "cold storage"),
    (r"maritime|shipping (?:line|company)|ports?", "maritime"),
    (
        r"manufactur(?:ing|ers?)(?: company| business)?|factor(?:y|ies)|foundr(?:y|ies)",
        "manufacturing",
    ),
    (r"construction(?: company| firm)?|builders|building (?:firm|company)", "construction"),
    (
        r"agriculture|agri-?tech|farm(?:s|ing)?|agri-?business|horticulture|greenhouses?|"
        r"orchards?",
        "agriculture",
    ),
    (
        r"software(?: company| house| startup| firm| vendor)?|saas(?: company| startup| "
        r"business)?|it services|tech (?:company|startup)",
        "software",
    ),
    (
        r"marketing agenc(?:y|ies)|advertising(?: agency)?|ad agency|creative agency|"
        r"design (?:agency|studio)|digital agency|pr agency",
        "marketing",
    ),
    (r"consult(?:ing|ancy)(?: firm| company| business)?", "consulting"),
    (r"accounting(?: firm| practice)?|accountancy(?: firm)?|bookkeep\w+", "accounting"),
    (r"bank(?:s|ing)?|financial services|credit union|asset management", "financial services"),
    (
        r"universit(?:y|ies)|schools?|education|colleges?|nurser(?:y|ies)|kindergartens?",
        "education",
    ),
    (r"charit(?:y|ies)|non-?profits?|ngos?|not-for-profit|foundation", "nonprofit"),
    (
        r"government|public sector|municipalit(?:y|ies)|city council|local authority",
        "public sector",
    ),
    (r"telecom\w*", "telecommunications"),
    (r"energy|utilit(?:y|ies)|oil (?:and|&) gas|solar|renewables?", "energy"),
    (r"automotive|car dealer\w*|garages?", "automotive"),
    (r"travel(?: agency)?|tourism|tour operators?", "travel"),
    (r"textiles?|fashion|apparel|garments?", "fashion"),
    (r"media|publishing|publishers?|film production|broadcast\w*", "media"),
    (r"recruit(?:ment|ing)(?: agency| firm)?|staffing(?: agency)?", "recruitment"),
    (r"aerospace|aviation|airlines?", "aerospace"),
    (r"mining|chemicals?", "chemicals & mining"),
    (r"museums?|galler(?:y|ies)|theat(?:re|er)s?", "arts & culture"),
    (r"gyms?|fitness(?: studio| chain)?|sports? clubs?", "fitness"),
    (r"beauty salons?|hair ?dressers?|salons?|spas?", "beauty"),
    (r"architecture(?: firm| practice)?|architects", "architecture"),
    (r"laborator(?:y|ies)|research institutes?|biobanks?|biorepositor(?:y|ies)", "research"),
    (r"start-?ups?", ""),
)

NUMBER_WORDS = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "a dozen": 12,
    "dozen": 12,
    "thirteen": 13,
    "fourteen": 14,
    "fifteen": 15,
    "sixteen": 16,
    "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19,
    "twenty": 20,
    "twenty-five": 25,
    "twenty five": 25,
    "thirty": 30,
    "thirty-five": 35,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
    "a hundred": 100,
    "one hundred": 100,
    "hundred": 100,
    "two hundred": 200,
    "three hundred": 300,
    "five hundred": 500,
    "a thousand": 1000,
    "one thousand": 1000,
    "two thousand": 2000,
    "two dozen": 24,
    "three dozen": 36,
    "a couple of hundred": 200,
}
