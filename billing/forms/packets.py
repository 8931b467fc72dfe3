"""Verifying a packet, and choosing a logo."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from bhi.files.operations import MOST_BYTES
from billing.rules.logos import MOST_BYTES as MOST_LOGO
from billing.rules.logos import Logo, LogoUnusable, read_logo

_HASH = re.compile(r"[0-9a-f]{64}")


class VerifyForm(forms.Form):
    """A packet's PDF, or the hash that stands on its pages."""

    file = forms.FileField(
        label="The PDF as it was downloaded",
        required=False,
        help_text="It is compared and not kept. 25 MB at most.",
        allow_empty_file=True,
    )
    digest = forms.CharField(
        label="Or the content hash",
        required=False,
        max_length=200,
        help_text="64 letters and digits at the foot of each page.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_file(self) -> UploadedFile[Any] | None:
        file: UploadedFile[Any] | None = self.cleaned_data["file"]
        if file is not None and (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError("The file is larger than 25 MB, and no packet is. Choose the packet’s PDF.")
        return file

    def clean_digest(self) -> str:
        typed = "".join(str(self.cleaned_data["digest"]).split()).lower()
        if typed and not _HASH.fullmatch(typed):
            raise forms.ValidationError("A content hash has 64 characters: digits and the letters a to f. Type all.")
        return typed

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if not self.errors and said.get("file") is None and not said.get("digest"):
            raise forms.ValidationError("Choose the PDF, or type the hash that stands on its pages.")
        return said


class LogoForm(forms.Form):
    """A picture that can be printed on paper."""

    file = forms.FileField(
        label="PNG or JPEG",
        help_text=f"{MOST_LOGO // 1024} KB and 4,000 pixels a side at most. It is printed 9 mm high.",
        error_messages={"required": "Choose the picture."},
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg"}),
    )
    logo: Logo | None = None

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > MOST_LOGO:
            raise forms.ValidationError(f"The picture is larger than {MOST_LOGO // 1024} KB. Make it smaller.")
        try:
            self.logo = read_logo(file.read())
        except LogoUnusable as fault:
            raise forms.ValidationError(str(fault)) from None
        return file
