"""The invented names that batches are drawn from."""

from typing import NamedTuple


class Course(NamedTuple):
    """A course on offer; `hours` is its length."""

    name: str
    code: str
    hours: int


DISTRICTS = (
    "Ashokpur",
    "Bhavanigarh",
    "Chandrapuri",
    "Devnagar",
    "Gomtipur",
    "Hariyal East",
    "Hariyal West",
    "Indravati",
    "Jalkhera",
    "Kesarwadi",
    "Lalitpura",
    "Madhavgarh",
    "Nilgarh",
    "Palashbari",
    "Rangamati",
    "Sonpahari",
)

COURSES = (
    Course("Field Technician - Networking and Storage", "ELE/Q4606", 400),
    Course("Solar Panel Installation Technician", "ELE/Q5901", 400),
    Course("Mobile Phone Hardware Repair Technician", "ELE/Q8104", 360),
    Course("Assistant Electrician", "CON/Q0602", 340),
    Course("LED Light Repair Technician", "ELE/Q9302", 360),
    Course("CCTV Installation Technician", "ELE/Q4605", 360),
    Course("Domestic Data Entry Operator", "SSC/Q2212", 400),
    Course("TV Repair Technician", "ELE/Q3101", 360),
    Course("Through Hole Assembly Operator", "ELE/Q5101", 340),
    Course("Embedded Software Engineer (Foundation)", "ELE/Q1501", 480),
)

COLLEGE_TOWNS = (
    "Arjunpur",
    "Belpahar",
    "Dhanori",
    "Fatehganj",
    "Kamalnagar",
    "Mirzapara",
    "Raghunathpur",
    "Shantivan",
    "Tarapith Road",
    "Umarkhed",
    "Vasantgarh",
)

COLLEGE_KINDS = (
    "Government Polytechnic",
    "Government I.T.I.",
    "District Skill Development Centre",
    "Women's Polytechnic College",
    "Community College",
    "Institute of Technology & Management",
)

TRAINER_FIRST_NAMES = (
    "Shri Anil",
    "Smt. Bhavna",
    "Dr. Chitra",
    "Shri Dinesh",
    "Ms. Farida",
    "Shri Girish",
    "Shri Harpreet",
    "Shri Imran",
    "Ms. Jyoti",
    "Smt. Kavita",
    "Smt. Lakshmi",
    "Dr. Manoj",
    "Ms. Nandini",
    "Shri Prakash",
    "Smt. Rekha",
    "Shri Suresh",
)

TRAINER_LAST_NAMES = (
    "Banerjee",
    "Chauhan",
    "Das",
    "Fernandes",
    "Gowda",
    "Iyer",
    "Joshi",
    "Khan",
    "Mehta",
    "Nair",
    "Patil",
    "Rao",
    "Sharma",
    "Verma",
)

SCHEMES = (
    "State Skill Mission (Component II)",
    "Short Term Training 3.0",
    "Recognition of Prior Learning",
    "Rural Youth Employment Scheme",
)

TRAINEE_FIRST_NAMES = (
    "Aarti",
    "Bharat",
    "Chandni",
    "Deepak",
    "Esha",
    "Faizal",
    "Geeta",
    "Hitesh",
    "Indu",
    "Jatin",
    "Komal",
    "Lalit",
    "Meena",
    "Naveen",
    "Pooja",
    "Rahul",
    "Sunita",
    "Tarun",
    "Usha",
    "Vikas",
)
