"""What is known of a visitor, read anew out of the stored conversation by the rules of `leads`.

The same conversation under the same rules gives the same picture.
"""

from __future__ import annotations

from dataclasses import dataclass

from sales.conversations.schemas import ConversationRecord
from sales.followups.schemas import LeadPicture
from sales.leads.briefing import build_briefing
from sales.leads.facts import ConversationFacts
from sales.leads.noticing import notice_profile
from sales.leads.profile import Profile, merge_noticed
from sales.leads.qualification import score_conversation
from sales.leads.settings import QualificationSettings
from sales.leads.signals import VisitorMessage


@dataclass(frozen=True, slots=True)
class ReplayedLeads:
    """A `LeadLookup` that stores nothing."""

    rules: QualificationSettings

    async def get_picture(self, record: ConversationRecord) -> LeadPicture:
        """Profile, score and briefing as this one conversation gives them."""
        said = [message for message in record.messages if message.role == "visitor"]
        profile = Profile()
        for message in said:
            noticed = notice_profile(message.text, known=profile.values(), locale=record.locale)
            profile = merge_noticed(profile, noticed, message_id=message.id, at=message.created_at)
        answers = [one for one in record.messages if one.payload.get("outcome") == "answered"]
        facts = ConversationFacts(
            profile=profile,
            messages=tuple(VisitorMessage(one.id, one.text, one.created_at) for one in said),
            pages=tuple(dict.fromkeys([record.page_path, *(page.path for page in record.pages)])),
            answered_questions=len(answers),
            source={
                "referrer_domain": record.referrer_domain,
                "page": record.page_path,
                **record.utm,
            },
        )
        score = score_conversation(facts, self.rules)
        return LeadPicture(profile, score, build_briefing(facts, self.rules, score))
