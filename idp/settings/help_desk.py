"""The help desk: what the pages tell about it."""

from pydantic import Field

from idp.settings.values import Address, LocalText, Section, Text, WebPage


class Support(Section):
    """Whom a person may ask; what is left out does not appear on the pages."""

    phones: tuple[Text, ...] = Field(
        default=(),
        description="Telephone numbers of the help desk.",
        examples=[["01555090301", "01555090302", "01555090303"]],
    )
    hours: LocalText | None = Field(
        default=None,
        description="When somebody answers.",
        examples=[
            {
                "bn": "কর্ম দিবসে (সকাল ৯:০০টা - রাত ৮:০০টা পর্যন্ত)",
                "en": "on working days (9:00 am to 8:00 pm)",
            }
        ],
    )
    ticket: WebPage | None = Field(
        default=None,
        description="Where a ticket is opened.",
        examples=["https://pms.portal.gov.bd"],
    )
    manual: WebPage | None = Field(
        default=None, description="The user guide.", examples=["https://pms.portal.gov.bd/manual"]
    )
    domain_form: WebPage | None = Field(
        default=None,
        description="Where an office applies for a login.",
        examples=["https://pms.portal.gov.bd/office/outauth_new_office"],
    )
    email: Address | None = Field(
        default=None,
        description="The address of the help desk.",
        examples=["support@example.gov.bd"],
    )
    home: WebPage | None = Field(
        default=None,
        description="The portal: where somebody goes on who came from no application.",
        examples=["https://portal.example.gov.bd/"],
    )
