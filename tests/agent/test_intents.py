"""What a visitor wants. A question about the company is never taken for small talk."""

from __future__ import annotations

import pytest

from agent.intents import Intent
from agent.noticing import notice

TABLE: dict[Intent, str] = {
    Intent.GREETING: """
        hi | hello | hey there | Hiya | good morning | Good afternoon team | hi :) |
        HELLO | hello, anyone there? | hey 👋 | Howdy | Is anybody there? | hi hi""",
    Intent.THANKS: """
        thanks | Thank you! | thx | thanks a lot | Great, thanks | ok thank you so much |
        thank you for your help | perfect | cool, thanks! | That's helpful, thank you |
        awesome thanks a million""",
    Intent.GOODBYE: """
        bye | goodbye | Bye! | see you later | have a nice day | that's all | good night |
        that is all for now, thanks | bye bye | take care""",
    Intent.HOW_ARE_YOU: """
        how are you? | how are you doing today | what's up? | How's it going | how do you do""",
    Intent.ARE_YOU_A_BOT: """
        are you a bot? | Are you human? | are you a real person | is this a robot? |
        am I talking to a human? | r u a bot | Am I chatting with a machine or a person? |
        are you AI | are you ChatGPT? | Hi, are you a real person? | is this an automated chat bot |
        human or bot? | you're a bot right?""",
    Intent.WHO_ARE_YOU: """
        who are you? | what are you | what is your name? | what's your name""",
    Intent.WHAT_CAN_YOU_DO: """
        what can you do? | help | how can you help me? | can you help me | I need help |
        what can you help me with?""",
    Intent.PERSON: """
        can I talk to a human? | I want to speak to a person | connect me with sales |
        let me talk to someone | speak to a representative | transfer me to an agent please |
        human please | I'd like to speak with your sales team | Could someone call me back? |
        can I chat with a real person | please call me back | talk to support""",
    Intent.COMPLAINT: """
        this is ridiculous | I am very disappointed | I want to complain |
        worst service ever, this is unacceptable | I'm really frustrated with you |
        you are not helping | nobody answers my mails | I want to make a complaint""",
    Intent.ABUSE: """
        fuck you | you stupid bot | you are an idiot | go to hell | piece of shit |
        you fucking moron""",
    Intent.JOKE: """tell me a joke | will you marry me? | sing me a song | do you love me""",
    Intent.YES: """
        yes, that's fine | that's fine with me | I agree | yes, no problem, thanks |
        yes | Yes please | sure | ok | yeah | of course | go ahead | please do | yep! |
        yes, that would be great | sounds good""",
    Intent.NO: """no | no thanks | nope | not now | never mind | No, thank you | no need""",
    Intent.NONSENSE: """
        asdfghjkl | ??? | ... | qwertyuiop | xkcdfghjkqw | !!!! | 🎉🎉🎉 | hahahahaha""",
    Intent.QUESTION: """
        How much does it cost? | What is the price of the Team plan? | Do you ship to Canada? |
        hi, how much is a service? | Hello! Do you repair e-bikes? | thanks, and for teams? |
        ok and what about the warranty? | Is there a human review of the results? |
        Do you have a bot for Slack? | Does the robot need calibration? |
        Can I return a sensor? | How do I contact support? | What are your opening hours? |
        How many agents can use the Team plan? | Is support included in the price? |
        What does the sales team plan cost? | Who founded the company? | Where are you based? |
        Do you offer phone support? | what is your return policy | pricing | warranty |
        shipping costs | enterprise plan | API | refund policy? | contact | demo |
        When will my order arrive? | My sensor is broken, what can I do? |
        how does the calibration work? | What happens if I cancel? | Are you ISO certified? |
        Are you open on Saturday? | Are you hiring? | are you able to ship to Norway? |
        Is this available in blue? | Is this product real leather? | Can you repair my bike today? |
        Can you help me choose a sensor? | Can you help me with my invoice? |
        What can you do about a late delivery? | how can you help schools? |
        Do you have a help page? | What's up with the new pricing? | Tell me about your products |
        tell me a bit about the company | Do you like to work with small shops? |
        I need a sensor for a fridge | I want to rent a bike for two days |
        I would like to buy ten sensors | we are looking for a monitoring system |
        No hidden fees? | Yes or no: is there a free trial? | Is it OK to return it? |
        Is there a goodbye gift when I cancel? | Good morning, what does a service cost? |
        Can sales tax be refunded? | Does your staff plan include support? |
        Is the manual any good? | 59 euros? | What is 24/7 support? | Who is the manager? |
        Do you have a human resources template? | How do you handle personal data? |
        what is the difference between Basic and Pro? | SOC 2? | GDPR | is it free? | free trial |
        How long does delivery take? | can i pay by invoice | do u have e-bikes |
        whats the price for 10 users |
        hey do you sell helmets | thanks! one more: is it waterproof? |
        What is your plan for 2027? | Does it come with a warranty?""",
}
CASES = [
    (intent, " ".join(message.split()))
    for intent, messages in TABLE.items()
    for message in messages.split("|")
]


def test_the_table_is_large_enough_to_mean_something() -> None:
    assert len(CASES) >= 150
    assert len({message for _, message in CASES}) == len(CASES)


GRIEVANCES = [
    "I was charged twice!!",
    "you guys are thieves",
    "your docs suck",
    "this is crap, my order never arrived",
    "My parcel still hasn't arrived.",
]


@pytest.mark.parametrize("message", GRIEVANCES)
def test_anger_is_a_complaint_unless_something_is_asked(message: str) -> None:
    assert notice(message).intent is Intent.COMPLAINT
    assert notice(f"What if {message.rstrip('.!')}?").intent is Intent.QUESTION


@pytest.mark.parametrize(("intent", "message"), CASES, ids=[message for _, message in CASES])
def test_a_message_is_taken_for_what_it_is(intent: Intent, message: str) -> None:
    assert notice(message).intent is intent


@pytest.mark.parametrize("message", [message for one, message in CASES if one is Intent.QUESTION])
def test_a_question_is_kept_to_be_searched(message: str) -> None:
    asked = notice(message).questions
    assert asked
    assert all(question.text.strip() for question in asked)


def test_several_questions_of_one_message_are_told_apart() -> None:
    asked = notice("What does a service cost? And when are you open?").questions
    assert len(asked) == 2
