"""What the generated documents are made of: sentences of notes, contracts and news with gaps for names and numbers."""

from __future__ import annotations

from typing import Final

#: What fills the gaps of the sentences, by the name of the gap.
FILLERS: Final[dict[str, tuple[str, ...]]] = {
    "first": tuple(
        """
        Alice Amara Anton Beatriz Bruno Carmen Chen Clara Daniel Dmitri Elena Emeka Fatima Felix Grace Hannah Hiroshi
        Ingrid Isaac Jamal Jane Joao Julia Karim Kwame Laura Lena Liam Malik Maria Marta Mei Miguel Nadia Noah Olga Omar
        Paula Peter Priya Rafael Ravi Rosa Samir Sofia Tariq Thomas Ursula Victor Wei Yara Yusuf Zoë
        """.split()
    ),
    "last": tuple(
        """
        Abbott Adeyemi Alvarez Banerjee Bauer Becker Castillo Chen Cohen Dubois Eriksson Farouk Fischer Garcia Goldberg
        Haddad Hoffmann Ibrahim Ivanov Jansen Johnson Kaminski Kim Kowalski Larsen Lindqvist MacDonald Mbeki Müller
        Nakamura Nguyen O'Brien Okafor Oliveira Park Patel Petrov Quinn Rossi Santos Schmidt Silva Sokolov Suzuki Tanaka
        Thompson Ueda Varga Walsh Williams Yamamoto Zhang
        """.split()
    ),
    "place": (
        *"""
            Antwerp Athens Austin Baltimore Belfast Bergen Bogotá Boston Brisbane Cairo Chicago Cleveland
            Denmark Dublin Durban Geneva Ghana Hamburg Helsinki Houston Jakarta Kenya Kyoto Lagos Lima
            Lisbon Lyon Madrid Manchester Memphis Milan Montreal Nairobi Naples Norway Osaka Ottawa Peru
            Porto Prague Quito Rotterdam Seattle Seville Singapore Stockholm Sydney Tampa Toronto Utrecht
            Vienna Warsaw Zagreb Zürich
            """.split(),
        *("New York", "San Diego", "Cape Town", "Hong Kong", "St. Louis", "the United Kingdom", "New Jersey"),
    ),
    "kind": tuple(
        "Bank Capital Energy Foods Freight Holdings Industries Insurance Logistics Marine Media Motors Networks "
        "Pharmaceuticals Press Properties Rail Software Steel Systems Trust".split()
    ),
    "suffix": ("Inc.", "Ltd.", "Corp.", "plc", "LLC", "N.A.", "S.A.", "AG", "Co."),
    "body": (
        "the Court of Appeals",
        "the Department of Health",
        "the European Commission",
        "the Federal Reserve",
        "the Ministry of Transport",
        "the Port Authority",
        "the Red Cross",
        "the World Bank",
    ),
    "drug": tuple(
        "amlodipine aspirin atorvastatin clopidogrel furosemide gabapentin heparin ibuprofen insulin lisinopril "
        "metformin metoprolol omeprazole prednisone sertraline warfarin".split()
    ),
    "illness": (
        "atrial fibrillation",
        "chronic kidney disease",
        "congestive heart failure",
        "deep vein thrombosis",
        "hypertension",
        "iron deficiency anemia",
        "osteoarthritis of the left knee",
        "pneumonia",
        "type 2 diabetes",
    ),
    "part": ("abdomen", "ankle", "chest", "left hip", "lower back", "neck", "right shoulder", "wrist"),
    "month": tuple(
        "January February March April May June July August September October November December".split()
    ),
    "team": ("Rovers", "United", "Wanderers", "City", "Athletic", "Rangers"),
    "goods": (
        "barley",
        "containers",
        "copper",
        "crude oil",
        "machine parts",
        "soybeans",
        "steel coils",
        "wheat",
    ),
    "thing": ("covenant", "fee", "guarantee", "indemnity", "lien", "obligation", "payment", "representation"),
}

#: Sentences of each kind of text. `{n}` is a small number, `{amount}` a large one, `{date}` and `{org}` are composed.
SENTENCES: Final[dict[str, tuple[str, ...]]] = {
    "note": (
        "The patient is a {n}-year-old who was seen by Dr. {last} on {date} for {illness}.",
        "{first} {last} was referred from {place} General Hospital with pain in the {part}.",
        "He denies fever, chills, nausea or vomiting, and his appetite has been good.",
        "She takes {drug} {n} mg twice daily and {drug} at bedtime without side effects.",
        "There is mild tenderness of the {part} without swelling, redness or loss of motion.",
        "Blood pressure was {n}/{n}, pulse {n}, and oxygen saturation {n}% on room air.",
        "An X-ray of the {part} showed no acute fracture or dislocation.",
        "Past history is significant for {illness} and {illness}, both well controlled.",
        "Dr. {first} {last} of {place} recommended that {drug} be stopped before the procedure.",
        "Laboratory values were within normal limits except for a creatinine of 1.{n}.",
        "The risks and benefits were explained in detail, and all questions were answered.",
        "Follow-up was arranged with Dr. {last} in {n} weeks, or sooner if symptoms return.",
        "Her daughter, {first} {last}, who lives in {place}, was present during the visit.",
        "No known drug allergies, apart from a rash after {drug} in {month}.",
        "The wound was irrigated, closed in layers and dressed with sterile gauze.",
        "He works for {org} in {place}, does not smoke, and drinks socially.",
    ),
    "contract": (
        "This Agreement is made as of {date} between {org}, a company organized under the laws of {place}, and {org}.",
        "The Borrower shall pay to the Lender interest on the unpaid principal at {n}.{n}% per annum, payable monthly.",
        "Each {thing} set forth in Section {n}.{n} shall survive the termination of this Agreement for {n} months.",
        "Notices to the Tenant shall be sent to {first} {last}, {n} Harbour Street, {place}.",
        "Neither party may assign its rights hereunder without the prior written consent of {org}, which consent shall "
        "not be unreasonably withheld, conditioned or delayed.",
        "In the event of default, {org} may declare the entire amount of ${amount} immediately due and payable.",
        "The Landlord hereby leases to the Tenant the premises located in {place}, consisting of {amount} square feet.",
        "Any {thing} or {thing} not expressly permitted by this Article shall be void and of no effect.",
        "Until all obligations have been paid in full, the Borrower shall maintain insurance with {org} or another "
        "insurer acceptable to the Lender, and shall furnish certificates thereof on or before {date}.",
        "This Agreement shall be governed by the laws of {place}, and each party submits to the courts of {place}.",
        "IN WITNESS WHEREOF, {first} {last} has signed on behalf of {org} on the date first written above.",
        "The term shall commence on {date} and shall continue for a period of {n} years unless sooner terminated.",
        "For purposes of this Section, a {thing} includes every renewal, extension and replacement of it.",
        "The Guarantor, {org}, waives presentment, demand, protest and notice of any kind.",
    ),
    "news": (
        "{place} ({month} {n}) - {org} said on Tuesday that it would buy {org} for ${amount} million.",
        "Shares of {org} fell {n} percent in {place} after {first} {last}, its chief executive, resigned.",
        '"We expect demand for {goods} to recover by {month}," {last} told reporters in {place}.',
        "A spokesman for {body} declined to comment on the talks with {place}.",
        "{place} {team} beat {place} {team} {n}-{n} on Saturday, with two goals from {first} {last}.",
        "Exports of {goods} rose to {amount} tonnes in {month} from {amount} a year earlier, {body} said.",
        "Heavy rain closed the port, and {n} ships carrying {goods} were waiting outside the harbour.",
        "Prime Minister {first} {last} will visit {place} and {place} next week, officials said.",
        "The agreement must still be approved by {body} and by the shareholders of {org}.",
        "Analyst {first} {last} of {org} called the results disappointing but not a surprise.",
        "Police in {place} arrested {n} people after a demonstration that lasted most of the night.",
        "Traders expected little change before the end of the month, when new figures are due.",
        "The union wants a rise of {n} percent, and {first} {last} said talks with {org} would go on.",
        "It was the third time since {month} that the price of {goods} had been cut.",
    ),
}

HEADINGS: Final[dict[str, tuple[str, ...]]] = {
    "note": ("HISTORY OF PRESENT ILLNESS:", "MEDICATIONS:", "PHYSICAL EXAMINATION:", "ASSESSMENT AND PLAN:"),
    "contract": (
        "ARTICLE {n}",
        "Section {n}.{n} Payments",
        "REPRESENTATIONS AND WARRANTIES",
        "MISCELLANEOUS",
    ),
    "news": ("{place} MARKETS", "IN BRIEF", "SPORTS"),
}
