"""What an audit may be narrowed to."""

from django import forms


class AuditFilter(forms.Form):
    patient = forms.UUIDField(required=False)
    person = forms.UUIDField(required=False)
    before = forms.UUIDField(required=False)
