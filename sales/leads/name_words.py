"""Small word lists for names: what may be one, what is none. Data for `notice_names`.

The lists only decide between readings of an ambiguous message ("I'm rich" or "I'm Rich"); a
name that stands in no list is still noticed where the message introduces it.
"""

from __future__ import annotations

PARTICLES = frozenset(
    "van von der den de del della di da dos das do du la le los las lo bin ibn bint "
    "binti binte al el "
    "ul abu ben bat zu zum zur ter ten te y e i af av st santa san mac ap ab ní nic ó ua".split()
)
TITLES = frozenset(
    "mr mrs ms miss mx dr prof professor sir madam dame lord lady rev father sister "
    "señor señora senor "
    "senora señorita sr sra herr frau monsieur madame mme mlle m signor signora sig "
    "dott dottssa ing "
    "dipl-ing mag eng capt captain col major sheikh haji shri smt pan pani dhr mevr".split()
)

# Given names that begin a message in small letters often enough; also those that look like
# ordinary words or carry their endings ("Fred", "Ming", "Emily").
GIVEN_NAMES = frozenset(
    """
    aaron abdul abdullah abel abigail adam adele aditi adriana adrian agnes ahmad ahmed
    aisha akira alan alana albert alejandra alejandro aleksandra alessandro alex alexa
    alexander alexandra alfred ali alice alicia alina alison allison amanda amara amelia
    amina amir amit amy ana anand anastasia anders andre andrea andreas andrei andrew andy
    angel angela angelica anika anil anita anja anna anne annie anthony antoine anton
    antonia antonio anya aoife april archana ariana arjun arnold arthur arun asha ashley
    astrid audrey ava ayesha aylin barbara beatrice beatriz ben benjamin bernard beth betty
    bianca bilal bill billy bjorn bob boris brad brenda brian bridget bruce bruno bryan
    caitlin camila camille carl carla carlos carmen carol caroline catherine cecilia celine
    chan charles charlie charlotte chen chiara chloe chris christian christina christine
    christopher claire clara claudia clive colin connor craig cristina curtis cynthia daisy
    dan dana daniel daniela danny daria dario dave david dawn deborah deepak deepika denis
    dennis derek diana diego dimitri dina dirk dmitri dominic donald donna doris dorothy
    douglas duncan dylan eamon eduardo edward edwin eileen elena eleni elif elisa elizabeth
    ella ellen elsa emil emilia emily emma emmanuel emre enrique eric erica erik erin
    ernesto esra esther ethan eugene eva evan evelyn fabio farah farid fatima fatma federico
    felix fernanda fernando fiona florence francesca francesco francis francisco frank fred
    freddie frederick frida gabriel gabriela gareth gary gavin geoff george georgia gerard
    ghassan giovanni gita giulia gloria gordon grace graham greg gregory greta guillermo
    gustavo hana hanna hannah hans hao harald harry hasan hassan heather heidi helen helena
    henrik henry hilda hiroshi holly hope hugo hussein ian ibrahim igor imran ines ingrid
    irene irina iris isaac isabel isabella ivan ivana jack jackie jacob jacqueline jaime
    jake jamal james jamie jan jana jane janet jared jasmin jasmine jason javier jean jeff
    jennifer jenny jeremy jessica jesus jill jim jimmy jin jing joan joanna joao joe joel
    johan johanna john jon jonas jonathan jordan jorge jose joseph josh joshua joy juan
    judith judy julia julian julie jun jung june jurgen justin kai karen karim karin karl
    kate katherine kathleen kathryn katie kavita keith kelly ken kenji kenneth kevin khaled
    khalid kim kofi kristin kumar kurt kwame kyle kyoko laila lakshmi lan lars latoya laura
    lauren lea leah leila lena leo leon leonardo leslie lewis li liam lila lin linda ling
    lisa liu liz logan lola lorenzo louis louise lucas lucia lucy luigi luis luisa luke lynn
    magda mahmoud malik manuel mara marc marcel marco marcos marcus margaret maria mariam
    marie marina mario marion marius mark marta martha martin mary mateo matt matteo matthew
    maurice max maya megan mehmet mei melanie melissa mercedes michael michel michelle mick
    miguel mike mikhail milan mina ming mohamed mohammad mohammed moira molly monica monika
    morgan moses muhammad mustafa nadia naomi natalia natalie natasha nathan ned neha neil
    ngozi nguyen nicholas nick nicola nicole nigel nikhil nikolai nils nina noah noor nora
    norman olga oliver olivia omar oscar osman otto owen pablo paige pamela paolo pascal
    patricia patrick paul paula pavel pedro peggy penny pete peter petra phil philip phoebe
    pierre ping piotr piya pooja prem priya rachel rafael rahul raj raja rajesh ralph ramesh
    ramon rania rashid raul ravi ray raymond rebecca reed regina renata ricardo rich richard
    rick rita rob robert roberto robin rodrigo roger rohan roland roman ron rosa rosalind
    rose ross roxana roy ruby rupert ruth ryan sabine sabrina saeed said sally salma sam
    samantha samira samuel sandra sandro sanjay sara sarah saskia scott sean sebastian selma
    serena sergei sergio shane shanti sharon shauna sheila shirin simon simona simone
    siobhan sofia sonia sophia sophie stacy stanley stefan stefano steffi stella stephanie
    stephen steve steven stuart sue sunita susan susanna suzanne sven svetlana sylvia tamara
    tania tanisha tanya tara tariq tatiana ted teresa thandiwe theo theresa thierry thomas
    tim timothy tina tobias todd tom tomas tommy toni tony tracy trevor tyler uma umar
    ursula valentina valeria vanessa vera veronica victor victoria vijay vikram vincent
    viola virginia vivian vlad vladimir waleed wally walter wanda wei wendy wilfred will
    william xavier xing yan yasmin yasmine yi ying yoko yolanda yuki yuri yusuf yves yvonne
    zach zahra zainab zara zeynep zoe zoran
    """.split()
)

# Words that no introduction means as a name: "I'm looking", "this is urgent", "call me back".
NOT_NAMES = frozenset(
    """
    a able about above absolutely ace afraid after afternoon again against agent ages agree
    ahead ai alive all allowed almost alone already also always am amazing an and android
    angry annoyed another answer any anybody anymore anyone anything anyway anytime api app
    are area around as asap ask assistant assuming at atm available aware away awesome awful
    back bad based basic basically be because been before behind being below best better
    between big bit bored both bot brand broke browsing budget business busy but buyer
    buying by cafe call can cannot caller cell certain cheap chat check clear clearly client
    close closed cold comfortable coming company complete concerned confident confused
    considering contact cool corporate correct could crazy curious current currently
    customer cynical data dead deal definitely delayed delighted demo desperate did
    different digital disabled do doctor does doing done down dumb during each early easy
    eager else email enough enquiring enterprise especially even evening ever every
    everybody everyone everything exactly excited exempt expecting expensive experienced
    extremely fair familiar family far fast fed few final finally fine finished first fit
    flexible fluent follow for forward free freelance frequent friday friend from frustrated
    full fully fun furious gay general genuinely getting glad go going gone gonna good got
    gotta grand grateful great guess guessing had half happy hard has hate have having he
    head healthy hello help her here hers hey hi him his hoping home hot how however hungry
    i if ill important impossible impressed in inbound independent info inquiring inside
    interested into inquiry invoice is issue it its job just keen keep key kind kinda knew
    know last late later lazy leading least left less let liable like likely literally
    little live local located locked lol long looking lost lot love low lucky mad made mail
    main man many marketing married may maybe me mean member message mine minor mobile mom
    monday more morning most mostly moving much must my name near nearly need needed neither
    never new next nice nigh no nobody none nope nor normal normally not nothing now number
    occasionally of off offline ok okay old on once one ones online only onto open opposed
    option or order other our ours out outside over overall overwhelmed own owner panel
    particularly past patient per perfect perhaps person phone plan please pleased plus
    point poor positive possibly pregnant premium pretty previously price pricing private
    pro probably problem product proud purchase q1 q2 q3 q4 question quick quite quote
    rather read ready real really recently regarding related reply responsible retired rich
    ridiculous right ring risk rude run running sad safe said sale sales same saturday
    saying sceptical second see seen select self semi senior serious seriously service she
    shipping short should shocked show shy sick side simple simply since site skeptical
    small so software sold solo some somebody someone something sometimes somewhere soon
    sorry sort spam spot standard started starter starting stay step still stop stuck
    student stupid sunday super support supposed sure surprised swamped team tech
    technically temporary ten terrible test text than thank thankful thanks that the their
    them then there these they thing things think thinking third this those though three
    thrilled through thursday tired to today together tomorrow tonight too total totally
    transferring trial truly trying tuesday two type unable unavailable uncertain under
    unfortunately unhappy unlikely unsure until up update upset urgent us use used user
    using usually vegan vegetarian very via visitor wait waiting want wanting warm was way
    we web website wednesday week welcome well went were what whatever when where whether
    which while who whole whom whose why willing with within without wondering wont work
    working worried worse worst would wow writing wrong yeah year yep yes yet you young your
    yours january february march june july august september october november december spring
    summer autumn winter christmas easter ramadan diwali q1 q2 q3 q4 mornings afternoons
    evenings american australian austrian belgian brazilian british canadian chinese
    colombian czech danish dutch egyptian english european finnish french german greek
    hungarian indian indonesian iranian iraqi irish israeli italian japanese jewish kenyan
    korean lebanese malaysian mexican moroccan muslim christian catholic hindu buddhist
    nigerian norwegian pakistani persian peruvian polish portuguese romanian russian saudi
    scottish serbian spanish swedish swiss syrian thai tunisian turkish ukrainian vietnamese
    welsh ceo cto cfo coo cio cmo hr it ops vp ux qa devops microsoft google aws amazon
    apple facebook linkedin salesforce hubspot zoho slack excel shopify wordpress oracle sap
    accountant admin analyst architect artist attorney baker chef clerk consultant
    contractor coordinator dentist designer developer director engineer executive farmer
    founder lawyer lead manager nurse officer operator partner pharmacist photographer
    programmer specialist supervisor teacher technician trainer vet please sir merry
    congratulations greetings regards cheers hallo hola bonjour sounds interesting nope nah
    hmm hm oh ah um uh ugh er well duh idk dunno secret anonymous unknown private hesitant
    hopeful disappointed apologies afterwards mistaken guten tag abend buenos dias días
    buenas tardes noches bom dia boa tarde dzień dobry hej
    salut servus moin grüezi bonsoir buongiorno buonasera sensor sensors monitoring temperature
    humidity device devices alarm alarms report reports dashboard integration integrations feature
    features delivery subscription warranty brochure catalogue catalog documentation docs tutorial
    login password signup consultation appointment callback discount offer refund return
    feedback partnership reseller press career careers jobs vacancy internship newsletter hours
    location address we're i'm it's he's she's they're that's what's there's who's i'd i've i'll
    yup yea yeh alright preferably silly besides aside along although despite according
    we've we'll we'd you're let's don't can't won't isn't didn't doesn't haven't couldn't
    btw fyi pls plz thx tho lol haha ta rubbish broken useless helpful
    unhelpful unacceptable outrageous nonsense
    """.split()
) - {"christian", "mark"}

# Ends of words that adjectives and participles have and names (outside the list above) do not.
ADJECTIVE_ENDS = (
    "ing",
    "ful",
    "ous",
    "less",
    "able",
    "ible",
    "ically",
    "tional",
    "ested",
    "ated",
    "ized",
    "ised",
    "essed",
    "oyed",
    "ssed",
    "cked",
    "ished",
    "nted",
    "rned",
    "sed",
    "ured",
    "oned",
)

# Places after "from": "Tom from London" names no company.
PLACES = frozenset(
    """
    afghanistan africa alabama alaska albania algeria america amsterdam angola ankara
    antwerp argentina arizona arkansas armenia asia athens atlanta auckland austin australia
    austria azerbaijan bahrain bangalore bangkok bangladesh barcelona basel bavaria beijing
    beirut belarus belfast belgium belgrade bengaluru berlin bern bilbao birmingham bogota
    bolivia bologna bonn bordeaux boston botswana brazil bremen brisbane bristol britain
    brno brooklyn brussels bucharest budapest bulgaria cairo california cambodia cambridge
    cameroon canada cardiff chennai chicago chile china cologne colombia colorado
    connecticut copenhagen cordoba cork croatia cuba cyprus czechia dakar dallas delaware
    delhi denmark denver detroit dhaka doha dortmund dresden dubai dublin dusseldorf
    düsseldorf ecuador edinburgh egypt england estonia ethiopia europe finland florence
    florida france frankfurt galway gdansk geneva genoa georgia germany ghana glasgow
    gothenburg greece guangzhou hamburg hanoi hanover hawaii helsinki holland hong_kong
    houston hungary hyderabad iceland idaho illinois india indiana indonesia iowa iran iraq
    ireland israel istanbul italy ivory_coast jakarta jamaica japan jeddah jerusalem
    johannesburg jordan kansas karachi kenya kentucky kiev kigali kolkata korea krakow
    kuwait kyiv kyoto lagos lahore latvia lebanon leeds leicester leipzig libya lima lisbon
    lithuania liverpool ljubljana london los_angeles louisiana luxembourg lyon madrid maine
    malaysia malta manchester manila marseille maryland massachusetts melbourne mexico miami
    michigan milan minneapolis minnesota mississippi missouri moldova mongolia montana
    montreal morocco moscow mozambique mumbai munich myanmar nairobi namibia naples nebraska
    nepal netherlands nevada new_york new_zealand newcastle nicaragua nice nigeria norway
    nottingham nyc ohio oklahoma oman ontario oregon osaka oslo ottawa oxford pakistan
    palestine panama paraguay paris pennsylvania perth peru philadelphia philippines phoenix
    pittsburgh poland porto portland portugal poznan prague pretoria pune qatar quebec riga
    rio riyadh romania rome rotterdam russia rwanda salzburg san_diego san_francisco
    santiago sao_paulo sarajevo saudi_arabia scotland seattle senegal seoul serbia seville
    shanghai sheffield shenzhen singapore slovakia slovenia sofia spain stockholm stuttgart
    sudan sweden switzerland sydney syria taipei taiwan tallinn tanzania tbilisi tehran
    tel_aviv tennessee texas thailand the_netherlands tokyo toronto toulouse tunisia turin
    turkey uae uganda uk ukraine uruguay us usa utah utrecht uzbekistan valencia vancouver
    venezuela venice vermont verona vienna vietnam vilnius virginia wales warsaw washington
    wellington wisconsin wroclaw wyoming yemen yorkshire york zagreb zambia zimbabwe zurich
    zürich
    """.replace("_", " ").split()
) | frozenset(
    (
        "hong kong",
        "los angeles",
        "new york",
        "new zealand",
        "saudi arabia",
        "tel aviv",
        "san diego",
        "san francisco",
        "sao paulo",
        "cape town",
        "south africa",
        "north america",
        "the netherlands",
        "the us",
        "the uk",
        "new jersey",
        "new orleans",
        "las vegas",
        "ho chi minh city",
    )
)
